"""The artists of a drawn figure, by the names that figures give them."""


def find(axes, gid):
    """The one artist of the axes with this gid."""
    (artist,) = [artist for artist in axes.get_children() if artist.get_gid() == gid]
    return artist
