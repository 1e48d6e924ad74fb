"""What clients do with bytes that an image has already: upload them again, or copy them with a focal point."""

from simulation.world import World


def put_again(world: World, key: str, otherwise: bytes) -> None:
    """Uploads the bytes that the key has, or `otherwise`, if it has none."""
    versions = world.originals.versions.get(key, [])
    world.put(key, (versions[-1].body if versions else None) or otherwise)


def refocus(world: World, key: str, focus: str, otherwise: bytes, *, raced: bool = False) -> None:
    """Copies the current version with this focal point; uploads `otherwise`, if there is none.

    If it was `raced`, it copies the version before, as far as that has the same bytes: S3 compares no more.
    """
    versions = world.originals.versions.get(key, [])
    if not versions or versions[-1].body is None:
        world.put(key, otherwise)
        return
    before = versions[-2] if raced and len(versions) > 1 else versions[-1]
    world.refocus(key, focus, before if before.body == versions[-1].body else versions[-1])
