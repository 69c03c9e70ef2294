"""For the type checker only: the lab implements what vm-tests/driver.py declares."""

import machine
import question
from driver import Driver, Machine


def lab_is_a_driver(lab: question.Lab) -> Driver:
    return lab


def its_machines_are_machines(one: machine.Machine) -> Machine:
    return one
