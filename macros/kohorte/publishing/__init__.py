"""Write, audit, publish: what readers see is one generation of the marts, always whole."""
