"""The check digits of a supplier's requisites (R9)."""

from billing.exchange.cells import Wrong

_WEIGHTS = ((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2))


def bin_check_digit(digits: str) -> int | None:
    """The 12th digit for the first 11 of a BIN or IIN; None when there is no such number.

    Weighted sum modulo 11; when that is 10, once more with the second weights.
    """
    for weights in _WEIGHTS:
        rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11
        if rest < 10:
            return rest
    return None


def bin_checked(value: str) -> Wrong | None:
    """R9: the last digit of a BIN follows from the others."""
    return None if bin_check_digit(value[:11]) == int(value[11]) else ("R9", "bin_check", "")


def iban_checked(value: str) -> Wrong | None:
    """R9: an IIK is an IBAN; moved to its end and read as a number it leaves 1 modulo 97.

    Check digits are 98 less a rest (ISO 7064): 00, 01 and 99 leave 1 too, but are none.
    """
    number = int("".join(str(int(letter, 36)) for letter in value[4:] + value[:4]))
    good = number % 97 == 1 and 2 <= int(value[2:4]) <= 98
    return None if good else ("R9", "iban_check", "")
