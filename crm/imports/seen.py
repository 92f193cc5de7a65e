"""Which keys of the file were there before: a set of 64-bit numbers in 8 bytes each."""

from array import array

MASK = (1 << 64) - 1


class SeenKeys:
    """A set of hashes that only grows. At a million keys it takes 16 MB; a Python set takes five times that.

    Keys are already evenly spread (keyed hashes), so that the low bits are a good position. Two different
    keys share a hash with a chance of 3 in 100 million for a million keys.
    """

    def __init__(self, expected: int = 0) -> None:
        self._size = 1 << max(12, (max(expected, 0) * 4 // 3).bit_length())
        self._slots = array("Q", bytes(8 * self._size))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: int) -> bool:
        key = key & MASK or 1
        slots, mask = self._slots, self._size - 1
        position = key & mask
        while found := slots[position]:
            if found == key:
                return True
            position = (position + 1) & mask
        return False

    def add(self, key: int) -> bool:
        """Remember a hash; whether it was new."""
        key = key & MASK or 1  # 0 marks a free slot
        slots, mask = self._slots, self._size - 1
        position = key & mask
        while found := slots[position]:
            if found == key:
                return False
            position = (position + 1) & mask
        slots[position] = key
        self._count += 1
        if self._count * 5 > self._size * 4:
            self._grow()
        return True

    def _grow(self) -> None:
        old = self._slots
        self._size *= 2
        self._slots = slots = array("Q", bytes(8 * self._size))
        mask = self._size - 1
        for key in old:
            if key:
                position = key & mask
                while slots[position]:
                    position = (position + 1) & mask
                slots[position] = key
