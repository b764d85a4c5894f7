"""Rows of a gateway's LMDB maps, as Postfix reads them: with a NUL behind keys and values, without LMDB's own locks."""
import ctypes
import ctypes.util

NO_SUBDIR, READ_ONLY, NO_LOCK = 0x4000, 0x20000, 0x400000


class Bytes(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("data", ctypes.c_void_p)]


class Table:
    """One map, open for its lifetime. Errors: OSError with LMDB's text."""

    def __init__(self, path):
        self.lmdb = ctypes.CDLL(ctypes.util.find_library("lmdb") or "liblmdb.so.0")
        self.lmdb.mdb_strerror.restype = ctypes.c_char_p
        self.environment = ctypes.c_void_p()
        self.expect(self.lmdb.mdb_env_create(ctypes.byref(self.environment)))
        self.expect(self.lmdb.mdb_env_open(self.environment, path.encode(), NO_SUBDIR | READ_ONLY | NO_LOCK, 0))

    def expect(self, code):
        if code:
            raise OSError(self.lmdb.mdb_strerror(code).decode())

    def row(self, name):
        """The row's value now, or None."""
        text = name.encode() + b"\0"
        key, value = Bytes(len(text), ctypes.cast(ctypes.c_char_p(text), ctypes.c_void_p)), Bytes()
        transaction, table = ctypes.c_void_p(), ctypes.c_uint()
        self.expect(self.lmdb.mdb_txn_begin(self.environment, None, READ_ONLY, ctypes.byref(transaction)))
        try:
            self.expect(self.lmdb.mdb_dbi_open(transaction, None, 0, ctypes.byref(table)))
            code = self.lmdb.mdb_get(transaction, table, ctypes.byref(key), ctypes.byref(value))
            return None if code else ctypes.string_at(value.data, value.size).rstrip(b"\0").decode()
        finally:
            self.lmdb.mdb_txn_abort(transaction)
