"""A look-alike of a stash-box on loopback, with invented people: see `World`."""

from demo.world.faults import Faults, Trouble
from demo.world.people import Person, identifier, population
from demo.world.server import DEMO_KEY, World

__all__ = ["DEMO_KEY", "Faults", "Person", "Trouble", "World", "identifier", "population"]
