"""The graph as values: steps, nodes, edges, MIME types, filters. Nothing here reaches outwards."""
