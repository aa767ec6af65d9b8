"""Tools that all figures share: style, films, densities, and draws that can be shown."""
