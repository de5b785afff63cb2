"""What back ends return and views show: frozen values, no verbs."""
