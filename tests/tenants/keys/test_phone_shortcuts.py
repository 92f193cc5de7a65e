"""What is answered without libphonenumber is what libphonenumber would have said."""

import random

import phonenumbers

from tenants.keys import phones


def test_every_shortcut_agrees_with_libphonenumber():
    chance = random.Random(5)
    codes = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
    answered = 0
    for number in range(8_000):
        rest = "".join(chance.choice("0123456789") for _ in range(chance.randint(4, 13)))
        text = f"+{chance.choice(codes)}{' ' if number % 2 else ''}{rest}"
        short = phones._fast(text, None)
        if short:
            answered += 1
            assert short == phones._slow.__wrapped__(text, None), text
    assert answered > 1_000
