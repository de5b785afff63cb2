"""What runs inside a function: batches, documents as streams, faults. Travels with events and errors."""
