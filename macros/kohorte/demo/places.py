"""Where customers live: real cities, with invented streets left out."""

from __future__ import annotations

from typing import NamedTuple


class City(NamedTuple):
    """One city: its place, its post codes, and how many customers live there."""

    country: str
    region: str
    name: str
    first_postcode: int
    last_postcode: int
    latitude: float
    longitude: float
    weight: float
    locale: str


CITIES = (
    City("AT", "Wien", "Wien", 1010, 1230, 48.208, 16.373, 22, "de-AT"),
    City("AT", "Steiermark", "Graz", 8010, 8055, 47.070, 15.439, 7, "de-AT"),
    City("AT", "Oberösterreich", "Linz", 4020, 4040, 48.306, 14.286, 6, "de-AT"),
    City("AT", "Salzburg", "Salzburg", 5020, 5026, 47.809, 13.055, 4, "de-AT"),
    City("AT", "Tirol", "Innsbruck", 6020, 6026, 47.269, 11.404, 4, "de-AT"),
    City("AT", "Kärnten", "Klagenfurt", 9020, 9073, 46.624, 14.305, 2, "de-AT"),
    City("AT", "Niederösterreich", "St. Pölten", 3100, 3107, 48.204, 15.627, 3, "de-AT"),
    City("AT", "Vorarlberg", "Dornbirn", 6850, 6858, 47.413, 9.742, 2, "de-AT"),
    City("AT", "Burgenland", "Eisenstadt", 7000, 7001, 47.845, 16.523, 1, "de-AT"),
    City("DE", "Berlin", "Berlin", 10115, 14199, 52.520, 13.405, 6, "de-DE"),
    City("DE", "Hamburg", "Hamburg", 20095, 22769, 53.551, 9.994, 3.5, "de-DE"),
    City("DE", "Bayern", "München", 80331, 81929, 48.137, 11.575, 6, "de-DE"),
    City("DE", "Bayern", "Nürnberg", 90402, 90491, 49.453, 11.077, 2, "de-DE"),
    City("DE", "Nordrhein-Westfalen", "Köln", 50667, 51149, 50.938, 6.960, 3, "de-DE"),
    City("DE", "Nordrhein-Westfalen", "Dortmund", 44135, 44388, 51.514, 7.465, 1.5, "de-DE"),
    City("DE", "Hessen", "Frankfurt am Main", 60306, 65936, 50.110, 8.682, 2.5, "de-DE"),
    City("DE", "Baden-Württemberg", "Stuttgart", 70173, 70629, 48.775, 9.182, 2.5, "de-DE"),
    City("DE", "Sachsen", "Leipzig", 4103, 4357, 51.340, 12.374, 1.5, "de-DE"),
    City("CH", "Zürich", "Zürich", 8001, 8064, 47.377, 8.541, 5, "de-CH"),
    City("CH", "Basel-Stadt", "Basel", 4001, 4059, 47.560, 7.588, 2, "de-CH"),
    City("CH", "Bern", "Bern", 3004, 3030, 46.948, 7.447, 2, "de-CH"),
    City("CH", "Genève", "Genève", 1201, 1209, 46.204, 6.143, 1.5, "fr-CH"),
    City("CH", "St. Gallen", "St. Gallen", 9000, 9016, 47.424, 9.376, 1, "de-CH"),
    City("LI", "Oberland", "Vaduz", 9490, 9490, 47.141, 9.521, 0.4, "de-LI"),
    City("IT", "Südtirol", "Bozen", 39100, 39100, 46.498, 11.354, 1.2, "it-IT"),
    City("SI", "Osrednjeslovenska", "Ljubljana", 1000, 1261, 46.056, 14.506, 0.8, "sl-SI"),
    City("NL", "Noord-Holland", "Amsterdam", 1011, 1109, 52.370, 4.895, 0.8, "nl-NL"),
    City("FR", "Grand Est", "Strasbourg", 67000, 67200, 48.573, 7.752, 0.8, "fr-FR"),
)

#: The dialling code of each country, and its mobile prefix. The subscriber numbers
#: made from them begin with a zero, which no network gives out.
DIALLING = {
    "AT": ("43", "660"),
    "DE": ("49", "151"),
    "CH": ("41", "79"),
    "LI": ("423", "7"),
    "IT": ("39", "320"),
    "SI": ("386", "40"),
    "NL": ("31", "6"),
    "FR": ("33", "6"),
}
#: The tax on goods in each country, in thousandths.
TAX_PERMILLE = {
    "AT": 200, "DE": 190, "CH": 81, "LI": 81, "IT": 220, "SI": 220, "NL": 210, "FR": 200,
}  # fmt: skip
#: The shop's own stores: the till of each country's customers.
STORES = {"AT": ("VIE-01", "GRZ-01", "LNZ-01"), "DE": ("BER-01", "MUC-01"), "CH": ("ZRH-01",)}
