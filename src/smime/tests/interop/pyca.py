"""Opens 0.p7m, 1.p7m, ... of a folder with the keys beside them, and writes what was inside to 0.out, 1.out, ..."""

import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs7

folder = pathlib.Path(sys.argv[1])
for message in folder.glob("*.p7m"):
    certificate = x509.load_pem_x509_certificate(message.with_suffix(".pem").read_bytes())
    key = load_pem_private_key(message.with_suffix(".key").read_bytes(), None)
    try:
        opened = pkcs7.pkcs7_decrypt_der(message.read_bytes(), certificate, key, [])
        message.with_suffix(".out").write_bytes(opened)
    except Exception as reason:
        print(message.stem, reason)
