"""Common given and family names, combined at random."""

FEMALE = (
    "Anna", "Maria", "Julia", "Laura", "Lisa", "Sarah", "Katharina", "Sophie", "Lena", "Emma",
    "Hannah", "Eva", "Petra", "Sabine", "Claudia", "Monika", "Andrea", "Birgit", "Martina",
    "Nicole", "Daniela", "Elisabeth", "Verena", "Theresa", "Magdalena", "Ines", "Elena",
    "Jasmin", "Nina", "Miriam", "Chiara", "Camille", "Maja", "Femke", "Zoë", "Renate",
)  # fmt: skip
MALE = (
    "Lukas", "David", "Michael", "Thomas", "Stefan", "Markus", "Andreas", "Daniel", "Florian",
    "Tobias", "Jakob", "Paul", "Felix", "Elias", "Simon", "Maximilian", "Alexander", "Martin",
    "Peter", "Wolfgang", "Gerhard", "Josef", "Franz", "Johannes", "Christian", "Patrick",
    "Jürgen", "Günther", "René", "Matteo", "Luka", "Daan", "Antoine", "Noah", "Emil", "Karl",
)  # fmt: skip
FAMILY = (
    "Gruber", "Huber", "Bauer", "Wagner", "Müller", "Pichler", "Steiner", "Moser", "Mayer",
    "Hofer", "Leitner", "Berger", "Fuchs", "Eder", "Fischer", "Schmid", "Winkler", "Weber",
    "Schwarz", "Maier", "Schneider", "Reiter", "Schmidt", "Wimmer", "Egger", "Brunner", "Lang",
    "Baumgartner", "Auer", "Binder", "Lechner", "Wolf", "Wallner", "Aigner", "Ebner", "Koller",
    "Lehner", "Haas", "Schuster", "Heilig", "Keller", "Meier", "Zimmermann", "Hartmann",
    "Krüger", "Köhler", "König", "Böhm", "Schäfer", "Jäger", "Rossi", "Novak", "Dupont",
    "de Vries", "Jansen", "Horvat", "Kovač", "Lindner", "Seidl", "Strasser", "Ziegler",
)  # fmt: skip
#: Mailboxes that cannot exist: domains reserved for examples.
DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com", "post.example.org")
DOMAIN_WEIGHTS = (40, 20, 15, 15, 10)
