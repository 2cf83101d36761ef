"""The author's folder: read, inspected, drawn, published."""
