"""The promises about properties: encryption at rest, doors of buckets, networks, wiring, lifetimes."""

from lakenb.review.properties.examined import Examiner, property_findings, property_notes
from lakenb.review.properties.values import PropertyNote, PropertyResult

__all__ = ["Examiner", "PropertyNote", "PropertyResult", "property_findings", "property_notes"]
