"""The intended security model of a graph: stores, grants, encryption, deputies. Values only."""
