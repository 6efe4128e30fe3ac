#!/usr/bin/env python3
"""Writes a corpus of odd but real-world MIME mails, one .eml a case, and cases.json.

    python3 generate.py DIRECTORY [--from ADDRESS] [--to ADDRESS] [--no-big] [--check]

Deterministic: fixed dates, ids and boundaries, no randomness (compressed bytes depend on the
zlib that Python links). Every person is invented. Standard library only, Python 3.11.

cases.json: [{"file", "expect": "accepted" | "quarantined", "why", ...}], and where useful
  "code"        of what is quarantined: automatic, bodyTooLong, sender, recipient, empty,
                tooLarge, tooManyAttachments, tooDeep, headers, malware, active, archive, encrypted
  "text"        a substring that the readable text must hold (accepted)
  "subject"     the subject as it should be read, null where there is none or it is not checked
  "name"        the attached file's name, as it should be read
  "attachments" how many the mail has itself; a forwarded mail counts as one
  "parser"      true: what is expected depends on how a parser takes broken input; see "why"
  "big": true   not for git
--check reads the corpus back with Python's email and zipfile modules, judges every mail by the
rules, independently of the writing, and fails where that differs from cases.json.
"""

import argparse
import base64
import hashlib
import json
import quopri
import re
import struct
import sys
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

FROM = "anne.morel@medecin.mssante.example"
TO = "269054958815780@patient.mssante.example"
SENDER_NAME = "Dr Anne Morel"
DATE = "Mon, 03 Nov 2025 09:12:00 +0100"
TRUST = ".mssante.example"
CRLF = "\r\n"

HELLO = "Bonjour Madame,\r\n\r\n"
BYE = "\r\n\r\nBien cordialement,\r\nDr Anne Morel\r\n"
PLAIN = HELLO + "Votre prochain rendez-vous est fixe au 12 novembre a 10 h." + BYE
ACCENTS = HELLO + "Vos résultats sont arrivés : la glycémie à jeun est normale, à revoir cet été." + BYE
SHOWN = "la glycémie à jeun est normale"


# ---------------------------------------------------------------- parts of a mail

def q(text, charset="utf-8"):
    """An encoded word, Q."""
    body = "".join(chr(b) if chr(b).isalnum() and b < 128 else "_" if b == 32 else f"={b:02X}"
                   for b in text.encode(charset))
    return f"=?{charset}?Q?{body}?="


def b64(data, width=76):
    text = base64.b64encode(data).decode("ascii")
    return CRLF.join(text[at:at + width] for at in range(0, len(text), width)) + CRLF


def qp(data):
    text = quopri.encodestring(data.replace(b"\r\n", b"\n")).decode("ascii")
    return text.replace("\n", CRLF)


def part(headers, body):
    """A MIME part: header lines, then its body (str is latin-1: one char, one byte)."""
    return CRLF.join(headers) + CRLF + CRLF + body


def text_part(text=PLAIN, kind="plain"):
    return part([f"Content-Type: text/{kind}; charset=utf-8",
                 "Content-Transfer-Encoding: base64"], b64(text.encode("utf-8")))


def file_part(name, data, kind="application/pdf"):
    return part([f'Content-Type: {kind}; name="{name}"',
                 "Content-Transfer-Encoding: base64",
                 f'Content-Disposition: attachment; filename="{name}"'], b64(data))


def multi(boundary, parts, close=True, preamble=""):
    body = preamble
    for each in parts:
        body += f"--{boundary}{CRLF}{each}"
        if not body.endswith(CRLF):
            body += CRLF
    return body + (f"--{boundary}--{CRLF}" if close else "")


def boundary_of(case):
    return "=_" + hashlib.sha256(case.encode()).hexdigest()[:24]


# ---------------------------------------------------------------- attached files

def pdf(text, catalog="", objects=()):
    """A small valid PDF; `catalog` and `objects` add to it."""
    stream = f"BT /F1 14 Tf 60 760 Td ({text}) Tj ET".encode("latin-1")
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R " + catalog.encode() + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *[each.encode() for each in objects],
    ]
    out, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % at for at in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start)
    return out


REPORT = pdf("Compte rendu de consultation")
# Split, so that this file is no match itself.
EICAR = ("X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-" + "FILE!$H+H*").encode()
MZ = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + bytes(46) + struct.pack("<I", 64) + b"PE\0\0\x64\x86" + bytes(256)


def cda(matricule):
    """A minimal CDA R2 with an invented patient."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <realmCode code="FR"/>
  <typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
  <templateId root="2.16.840.1.113883.2.8.2.1"/>
  <templateId root="1.2.250.1.213.1.1.1.1"/>
  <id root="1.2.250.1.213.9.9.1" extension="MAIL-0001"/>
  <code code="11488-4" codeSystem="2.16.840.1.113883.6.1" displayName="Compte rendu de consultation"/>
  <title>Compte rendu de consultation</title>
  <effectiveTime value="20251103091200+0100"/>
  <confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>
  <languageCode code="fr-FR"/>
  <setId root="1.2.250.1.213.9.9.1" extension="MAIL-0001-SET"/>
  <versionNumber value="1"/>
  <recordTarget>
    <patientRole>
      <id root="1.2.250.1.213.1.4.8" extension="{escape(matricule)}"/>
      <patient>
        <name><given>Corinne</given><family qualifier="BR">DURAND</family></name>
        <administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/>
        <birthTime value="19690512"/>
      </patient>
    </patientRole>
  </recordTarget>
  <author>
    <time value="20251103091200+0100"/>
    <assignedAuthor>
      <id root="1.2.250.1.71.4.2.1" extension="899700000001"/>
      <assignedPerson><name><prefix>DR</prefix><given>Anne</given><family>MOREL</family></name></assignedPerson>
      <representedOrganization><name>Cabinet Morel</name></representedOrganization>
    </assignedAuthor>
  </author>
  <custodian>
    <assignedCustodian>
      <representedCustodianOrganization>
        <id root="1.2.250.1.71.4.2.2" extension="1000000001"/>
        <name>Cabinet Morel</name>
      </representedCustodianOrganization>
    </assignedCustodian>
  </custodian>
  <legalAuthenticator>
    <time value="20251103091200+0100"/>
    <signatureCode code="S"/>
    <assignedEntity>
      <id root="1.2.250.1.71.4.2.1" extension="899700000001"/>
      <assignedPerson><name><given>Anne</given><family>MOREL</family></name></assignedPerson>
    </assignedEntity>
  </legalAuthenticator>
  <documentationOf>
    <serviceEvent>
      <effectiveTime><low value="20251103090000+0100"/></effectiveTime>
    </serviceEvent>
  </documentationOf>
  <component>
    <structuredBody>
      <component>
        <section>
          <title>Conclusion</title>
          <text>Consultation de suivi. Tension 12/8. Traitement inchangé.</text>
        </section>
      </component>
    </structuredBody>
  </component>
</ClinicalDocument>
""".encode("utf-8")


def metadata(document, matricule):
    """The METADATA.XML of an XDM submission set of one document."""
    sha1, size = hashlib.sha1(document).hexdigest(), len(document)
    patient = f"{escape(matricule)}^^^&amp;1.2.250.1.213.1.4.8&amp;ISO^NH"

    def slot(name, *values):
        return (f'<Slot name="{name}"><ValueList>'
                + "".join(f"<Value>{value}</Value>" for value in values) + "</ValueList></Slot>")

    def identifier(number, owner, scheme, name, value):
        return (f'<ExternalIdentifier id="ei{number}" registryObject="{owner}" identificationScheme="{scheme}"'
                f' value="{value}"><Name><LocalizedString value="{name}"/></Name></ExternalIdentifier>')

    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"'
            ' xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><RegistryObjectList>'
            '<ExtrinsicObject id="Document01" mimeType="text/xml"'
            ' objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1">'
            + slot("URI", "DOC0001.XML") + slot("hash", sha1) + slot("size", size)
            + slot("creationTime", "20251103081200") + slot("languageCode", "fr-FR")
            + slot("sourcePatientId", patient)
            + '<Name><LocalizedString value="Compte rendu de consultation"/></Name>'
            + identifier(1, "Document01", "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab",
                         "XDSDocumentEntry.uniqueId", "1.2.250.1.213.9.9.1^MAIL-0001")
            + identifier(2, "Document01", "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427",
                         "XDSDocumentEntry.patientId", patient)
            + '</ExtrinsicObject><RegistryPackage id="SubmissionSet01">'
            + slot("submissionTime", "20251103081200")
            + identifier(3, "SubmissionSet01", "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8",
                         "XDSSubmissionSet.uniqueId", "1.2.250.1.213.9.9.2.1")
            + '</RegistryPackage><Association id="As01" sourceObject="SubmissionSet01"'
            ' targetObject="Document01" associationType="urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember">'
            + slot("SubmissionSetStatus", "Original")
            + '</Association></RegistryObjectList></lcm:SubmitObjectsRequest>\n').encode("utf-8")


def zipped(entries, stored=False):
    """A zip whose bytes do not depend on the clock or the system."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in entries:
            info = zipfile.ZipInfo(name, (2025, 11, 3, 9, 12, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, data, compresslevel=9)
    return out.getvalue()


def xdm(matricule, document=None):
    document = document or cda(matricule)
    return [
        ("INDEX.HTM", b"<html><head><title>IHE XDM</title></head><body><p>Compte rendu de consultation</p></body></html>"),
        ("README.TXT", "Cabinet Morel, échange de documents de santé (IHE XDM).\r\n".encode()),
        ("IHE_XDM/SUBSET01/METADATA.XML", metadata(document, matricule)),
        ("IHE_XDM/SUBSET01/DOC0001.XML", document),
    ]


def zip_bomb(matricule):
    """Three documents of 10 MB of zeros, and a zip of such zips: small on the wire."""
    zeros = bytes(10 * 1024 * 1024)
    inner = zipped([("zeros.xml", zeros)])
    nested = zipped([(f"n{n:02}.zip", inner) for n in range(16)])
    entries = [entry for entry in xdm(matricule) if not entry[0].endswith("DOC0001.XML")]
    return zipped(entries + [(f"IHE_XDM/SUBSET01/DOC000{n}.XML", zeros) for n in (1, 2, 3)]
                  + [("IHE_XDM/SUBSET01/NESTED.ZIP", nested)])


def local_header(name, crc, packed, size, flags=0, method=8):
    name = name.encode()
    return struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, flags, method, 0, 0x5B63, crc, packed, size, len(name), 0) + name


def central_header(name, crc, packed, size, offset, flags=0, method=8):
    name = name.encode()
    return struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, flags, method, 0, 0x5B63, crc, packed, size,
                       len(name), 0, 0, 0, 0, 0, offset) + name


def end_record(count, size, offset):
    return struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, size, offset, 0)


def deflated(data):
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return engine.compress(data) + engine.flush()


def zip_overlapping():
    """Forty names for the same compressed bytes."""
    data = b"<zeros>" + bytes(1_000_000) + b"</zeros>"
    packed, crc = deflated(data), zlib.crc32(data)
    first = local_header("IHE_XDM/SUBSET01/DOC0001.XML", crc, len(packed), len(data)) + packed
    central = b"".join(central_header(f"IHE_XDM/SUBSET01/DOC{n:04}.XML", crc, len(packed), len(data), 0)
                       for n in range(1, 41))
    return first + central + end_record(40, len(central), len(first))


def zip_false_sizes():
    """The central directory says 64 bytes; two million come out."""
    data = b"A" * 2_000_000
    packed, crc = deflated(data), zlib.crc32(data)
    name = "IHE_XDM/SUBSET01/DOC0001.XML"
    first = local_header(name, crc, len(packed), len(data)) + packed
    central = central_header(name, crc, len(packed), 64, 0)
    return first + central + end_record(1, len(central), len(first))


def zip_encrypted(matricule):
    """The encryption flag on every entry, and bytes that are noise."""
    out, central = b"", b""
    for name, data in xdm(matricule):
        noise = hashlib.sha256(name.encode()).digest() * (1 + len(data) // 32)
        noise = noise[:len(data) + 12]
        at, crc = len(out), zlib.crc32(data)
        out += local_header(name, crc, len(noise), len(data), flags=1, method=0) + noise
        central += central_header(name, crc, len(noise), len(data), at, flags=1, method=0)
    return out + central + end_record(len(xdm(matricule)), len(central), len(out))


# ---------------------------------------------------------------- the cases

class Corpus:
    def __init__(self, sender, patient):
        self.sender, self.patient, self.cases, self.count = sender, patient, [], 0
        local = patient.split("@")[0]
        self.matricule = local if re.fullmatch(r"\d{15}", local) else "269054958815780"

    def headers(self, case, subject="Votre rendez-vous", **changes):
        """The usual header lines; a change replaces one, None removes it, a list gives several."""
        lines = {
            "Return-Path": f"<{self.sender}>",
            "Received": f"from mx.medecin.mssante.example (192.0.2.10) by mx.patient.mssante.example;{CRLF}\t{DATE}",
            "Message-ID": f"<{case}@medecin.mssante.example>",
            "Date": DATE,
            "From": f"{SENDER_NAME} <{self.sender}>",
            "To": f"<{self.patient}>",
            "Subject": subject,
            "MIME-Version": "1.0",
        }
        lines.update({name.replace("_", "-"): value for name, value in changes.items()})
        out = []
        for name, value in lines.items():
            for each in value if isinstance(value, list) else [value]:
                if each is not None:
                    out.append(f"{name}: {each}")
        return out

    def add(self, case, raw, expect, why, **more):
        self.count += 1
        file = f"{self.count:03}-{case}.eml"
        if isinstance(raw, str):
            raw = raw.encode("latin-1")
        self.cases.append(({"file": file, "expect": expect, "why": why, **more}, raw))

    def good(self, case, raw, why, **more):
        self.add(case, raw, "accepted", why, **more)

    def bad(self, case, raw, code, why, **more):
        self.add(case, raw, "quarantined", why, code=code, **more)

    # Shapes that recur.
    def single(self, case, body=PLAIN, kind="text/plain; charset=utf-8", encoding=None, **changes):
        lines = self.headers(case, **changes)
        if kind is not None:
            lines.append(f"Content-Type: {kind}")
        if encoding is not None:
            lines.append(f"Content-Transfer-Encoding: {encoding}")
        return part(lines, body)

    def mixed(self, case, parts, kind="multipart/mixed", boundary=None, close=True, **changes):
        boundary = boundary or boundary_of(case)
        lines = self.headers(case, **changes) + [f'Content-Type: {kind}; boundary="{boundary}"']
        return part(lines, multi(boundary, parts, close))

    def with_file(self, case, name, data, kind="application/pdf", **changes):
        return self.mixed(case, [text_part(ACCENTS), file_part(name, data, kind)],
                          subject="Compte rendu", **changes)


def latin(text, charset="utf-8"):
    """Bytes of a charset as a str of the same code points, for `part`."""
    return text.encode(charset).decode("latin-1")


def texts(c):
    c.good("plain-ascii", c.single("plain-ascii", kind="text/plain; charset=us-ascii"), "plain ASCII text",
           text="fixe au 12 novembre", subject="Votre rendez-vous", attachments=0)
    c.good("utf8-quoted-printable", c.single("utf8-quoted-printable", qp(ACCENTS.encode()), encoding="quoted-printable",
           subject=q("Vos résultats")), "UTF-8 in quoted-printable", text=SHOWN, subject="Vos résultats", attachments=0)
    c.good("utf8-base64-body", c.single("utf8-base64-body", b64(ACCENTS.encode()), encoding="base64"),
           "body in base64", text=SHOWN, attachments=0)
    c.good("utf8-8bit", c.single("utf8-8bit", latin(ACCENTS), encoding="8bit"), "UTF-8 in 8bit", text=SHOWN, attachments=0)
    c.good("iso-8859-1", c.single("iso-8859-1", latin(ACCENTS, "iso-8859-1"), "text/plain; charset=iso-8859-1", "8bit"),
           "ISO-8859-1 as declared", text=SHOWN, attachments=0)
    euros = HELLO + "Le reste à charge est de 15 € – l’ordonnance suit, cœur et poumons sont normaux." + BYE
    c.good("windows-1252", c.single("windows-1252", qp(euros.encode("cp1252")), "text/plain; charset=windows-1252",
           "quoted-printable"), "windows-1252 as declared, with the euro sign and typographic quotes",
           text="15 € – l’ordonnance suit, cœur", attachments=0)
    c.good("iso-8859-1-is-1252", c.single("iso-8859-1-is-1252", latin(euros, "cp1252"), "text/plain; charset=iso-8859-1",
           "8bit"), "says ISO-8859-1, is windows-1252: as browsers read it", text="15 € – l’ordonnance", attachments=0,
           parser=True)
    c.good("says-ascii-is-utf8", c.single("says-ascii-is-utf8", latin(ACCENTS), "text/plain; charset=us-ascii", "8bit"),
           "says us-ascii, is UTF-8: valid UTF-8 is read as such", text=SHOWN, attachments=0, parser=True)
    c.good("says-utf8-is-latin1", c.single("says-utf8-is-latin1", latin(ACCENTS, "iso-8859-1"),
           "text/plain; charset=utf-8", "8bit"), "says UTF-8, is Latin-1: invalid UTF-8 is read as windows-1252",
           text=SHOWN, attachments=0, parser=True)
    c.good("unknown-charset", c.single("unknown-charset", latin(ACCENTS), "text/plain; charset=x-mac-foo", "8bit"),
           "unknown charset, bytes are UTF-8", text="Bonjour Madame", attachments=0)
    c.good("no-content-type", c.single("no-content-type", kind=None, MIME_Version=None),
           "no Content-Type: plain text", text="fixe au 12 novembre", attachments=0)
    c.good("utf16-body", c.single("utf16-body", b64(ACCENTS.encode("utf-16-le")), "text/plain; charset=utf-16le", "base64"),
           "UTF-16LE in base64", text=SHOWN, attachments=0)
    c.good("format-flowed", c.single("format-flowed", "Bonjour Madame, \r\nvoici la suite \r\ndu message.\r\n-- \r\nDr Anne Morel\r\n",
           "text/plain; charset=utf-8; format=flowed"), "format=flowed with a signature", text="voici la suite", attachments=0)
    html = ('<html><head><style>p{color:red}</style><script>alert(1)</script></head><body><div>Bonjour Madame,</div>'
            '<div>la glyc&eacute;mie &agrave; jeun est normale.</div><img src="https://suivi.example/pixel.gif">'
            '<a href="javascript:alert(2)">Voir</a></body></html>')
    alternative = [text_part(ACCENTS), text_part(html, "html")]
    c.good("alternative", c.mixed("alternative", alternative, "multipart/alternative"), "text and HTML alternatives",
           text=SHOWN, attachments=0)
    c.good("html-only", c.single("html-only", qp(html.encode()), "text/html; charset=utf-8", "quoted-printable"),
           "HTML only, with a script, a tracking image and a javascript: link: text is taken of it", text=SHOWN, attachments=0)
    c.good("base64-garbage-body", c.single("base64-garbage-body", b64(ACCENTS.encode()).replace(CRLF, CRLF + "%%%% ~~ ####" + CRLF, 1),
           encoding="base64"), "a garbage line inside the base64 body is skipped (RFC 2045 6.8)", text=SHOWN, attachments=0,
           parser=True)
    c.good("uuencode", c.single("uuencode", PLAIN + "\r\nbegin 644 note.txt\r\n*0F]N:F]U<B`A\"@``\r\n`\r\nend\r\n"),
           "uuencode inside the body stays text", text="begin 644 note.txt", attachments=0)
    c.good("nul-in-body", c.single("nul-in-body", "Bonjour\0 Madame,\r\nvoici la suite.\x0b\x07\r\n"),
           "NUL and control bytes in the body: shown without them", text="voici la suite", attachments=0)
    c.good("lf-line-ends", c.mixed("lf-line-ends", [text_part(ACCENTS), file_part("compte-rendu.pdf", REPORT)]).replace("\r\n", "\n"),
           "bare LF line ends throughout", text=SHOWN, attachments=1)
    c.good("mixed-line-ends", c.single("mixed-line-ends", "Bonjour Madame,\r\nligne deux\nligne trois\rligne quatre\r\n"),
           "CRLF, LF and CR mixed in the body", text="ligne trois", attachments=0)
    # Without Return-Path first, a CR-only mail has no other field that an LF-minded parser could see.
    c.bad("cr-line-ends", c.single("cr-line-ends", PLAIN).replace("\r\n", "\r"), "sender",
          "bare CR line ends: no line end in RFC 5322, so no From can be read", parser=True)
    long = HELLO + "".join(f"Ligne {n:05} du journal de surveillance de la tension.\r\n" for n in range(2_900)) + BYE
    c.bad("body-150-kb", c.single("body-150-kb", long), "bodyTooLong", "bodyTooLong")
    fair = HELLO + "".join(f"Ligne {n:05} du journal de surveillance de la tension.\r\n" for n in range(1_500)) + BYE
    c.good("body-80-kb", c.single("body-80-kb", fair), "a long text below 100 kB", text="Ligne 01499", attachments=0)


def header_cases(c):
    c.good("no-subject", c.single("no-subject", subject=None), "no Subject", text="12 novembre", attachments=0)
    word = "Résultats reçus".encode()
    at = word.index("é".encode()) + 1
    split = "=?utf-8?B?" + base64.b64encode(word[:at]).decode() + "?=\r\n =?utf-8?B?" + base64.b64encode(word[at:]).decode() + "?="
    c.good("subject-split-character", c.single("subject-split-character", subject=split),
           "a character cut in two between encoded words: joined, or shown as replacement characters",
           text="12 novembre", attachments=0, parser=True)
    words = " ".join(f"mot{n:04}" for n in range(630))
    folded = re.sub(r"(.{60,70}) ", lambda found: found.group(1) + "\r\n ", words)
    c.good("subject-5-kb", c.single("subject-5-kb", subject=folded), "a folded Subject of 5 kB: cut for display",
           text="12 novembre", attachments=0)
    c.good("subject-line-injection", c.single("subject-line-injection", subject=q("Bonjour\r\nBcc: pirate@gmail.com")),
           "CR LF inside an encoded word of the Subject: no line break when shown or answered", text="12 novembre", attachments=0)
    c.good("no-date", c.single("no-date", Date=None), "no Date: the time of reception", text="12 novembre", attachments=0)
    c.good("odd-date", c.single("odd-date", Date="Lundi 31 fevrier 2025 25:61:00 CEST"), "a Date that is none",
           text="12 novembre", attachments=0)
    c.good("no-message-id", c.single("no-message-id", Message_ID=None), "no Message-ID", text="12 novembre", attachments=0)
    c.good("two-message-ids", c.single("two-message-ids", Message_ID=["<premier@medecin.mssante.example>",
           "<second@medecin.mssante.example>"]), "two Message-ID fields", text="12 novembre", attachments=0)
    c.good("message-id-injection", c.single("message-id-injection", Message_ID="<a b\r\n\tBcc: pirate@gmail.com@x>"),
           "a Message-ID with blanks and a fold: must not reach In-Reply-To as it is", text="12 novembre", attachments=0)
    c.good("reply", c.single("reply", subject="Re: Question", In_Reply_To="<question-1@patient.mssante.example>",
           References="<debut@patient.mssante.example>\r\n <question-1@patient.mssante.example>"),
           "an answer, with In-Reply-To and References", text="12 novembre", subject="Re: Question", attachments=0)
    c.good("many-references", c.single("many-references", References="\r\n ".join(
           f"<fil-{n:04}@patient.mssante.example>" for n in range(400))), "four hundred References", text="12 novembre", attachments=0)
    c.good("raw-8bit-headers", c.single("raw-8bit-headers", subject=latin("Résultats de l'été"),
           From=f"{latin('Dr Hélène Béart', 'iso-8859-1')} <{c.sender}>"),
           "raw UTF-8 in the Subject, raw Latin-1 in the From name", text="12 novembre", attachments=0)
    c.good("encoded-sender-name", c.single("encoded-sender-name", From=f"{q('Dr Hélène Béart', 'iso-8859-1')} <{c.sender}>"),
           "an encoded word as display name", text="12 novembre", attachments=0)
    c.good("header-case", c.single("header-case").replace("Subject:", "sUBJECT :").replace("From:", "FROM:"),
           "names of fields in odd case, a blank before the colon", text="12 novembre", attachments=0, parser=True)
    c.good("headers-450", c.single("headers-450", X_Trace=[f"etape {n}" for n in range(440)]), "450 fields: below the limit",
           text="12 novembre", attachments=0)
    c.bad("header-1-mb", c.single("header-1-mb", X_Trace="\r\n ".join(["a" * 70] * 14_500)), "headers",
          "a header block of 1 MB, one field")
    c.bad("headers-10000", c.single("headers-10000", X_Trace=[f"etape {n}" for n in range(10_000)]), "headers",
          "ten thousand fields")


def people(c):
    local, domain = c.patient.split("@", 1)
    other = f"{'185127512345645' if local != '185127512345645' else '285127512345637'}@{domain}"
    colleague = "paul.leroy@medecin.mssante.example"
    c.good("cc-patient", c.single("cc-patient", To=f"Dr Paul Leroy <{colleague}>", Cc=f"<{c.patient}>"),
           "the patient stands in Cc only", text="12 novembre", attachments=0)
    c.good("to-with-name", c.single("to-with-name", To=f'"DURAND, Corinne" <{c.patient}>, Dr Paul Leroy <{colleague}>'),
           "a recipient's quoted name with a comma, and a colleague", text="12 novembre", attachments=0)
    c.good("to-upper-case", c.single("to-upper-case", To=f"<{local}@{domain.upper()}>"), "the domain in upper case",
           text="12 novembre", attachments=0)
    c.good("sender-differs", c.single("sender-differs", Sender="Secretariat <secretariat@medecin.mssante.example>"),
           "Sender differs from From, both in the trust space: From counts", text="12 novembre", attachments=0)
    c.good("name-spoofs-inside", c.single("name-spoofs-inside",
           From=f'"paul.leroy@medecin.mssante.example" <{c.sender}>'),
           "the display name shows another address of the trust space: the address counts and is shown",
           text="12 novembre", attachments=0)
    c.good("reply-to-outside", c.single("reply-to-outside", Reply_To="<cabinet.morel@gmail.com>"),
           "Reply-To outside of the trust space: answers go to From", text="12 novembre", attachments=0)
    c.bad("from-gmail", c.single("from-gmail", From="Dr Anne Morel <dr.anne.morel@gmail.com>"), "sender",
          "the sender is not in the trust space")
    c.bad("from-look-alike", c.single("from-look-alike", From="Dr Anne Morel <anne.morel@medecin.mssante.example.com>"),
          "sender", "a domain that only begins like the trust space")
    c.bad("from-suffix", c.single("from-suffix", From="Dr Anne Morel <anne.morel@fauxmssante.example>"),
          "sender", "a domain that ends alike without the dot")
    c.bad("name-spoofs", c.single("name-spoofs", From=f'"{c.sender}" <pirate@gmail.com>'), "sender",
          "the display name spoofs an address of the trust space")
    c.bad("two-from-addresses", c.single("two-from-addresses", From=f"<{c.sender}>, <{colleague}>"), "sender",
          "two addresses in From")
    c.bad("two-from-fields", c.single("two-from-fields", From=["<pirate@gmail.com>", f"<{c.sender}>"]), "sender",
          "two From fields")
    c.bad("no-from", c.single("no-from", From=None), "sender", "no From")
    c.bad("from-name-only", c.single("from-name-only", From="Dr Anne Morel"), "sender", "a From without an address")
    c.bad("to-several-patients", c.single("to-several-patients", To=f"<{c.patient}>, <{other}>"), "recipient",
          "two patients in To")
    c.bad("to-and-cc-patients", c.single("to-and-cc-patients", Cc=f"<{other}>"), "recipient",
          "one patient in To, another in Cc")
    c.bad("to-second-field", c.single("to-second-field", To=[f"<{c.patient}>", f"<{other}>"]), "recipient",
          "two To fields, a patient in each")
    c.bad("to-nobody", c.single("to-nobody", To="undisclosed-recipients:;"), "recipient", "no patient among the recipients")
    c.bad("to-colleague", c.single("to-colleague", To=f"<{colleague}>"), "recipient", "only a professional among the recipients")


def structures(c):
    inner = multi("in-3-c", [text_part("Annexe du troisième niveau.\r\n"), file_part("annexe.pdf", REPORT)])
    middle = part(['Content-Type: multipart/mixed; boundary="in-3-c"'], inner)
    outer = part(['Content-Type: multipart/mixed; boundary="in-2-b"'], multi("in-2-b", [middle]))
    c.good("mixed-3-deep", c.mixed("mixed-3-deep", [text_part(ACCENTS), outer], boundary="in-1-a"),
           "multipart/mixed three deep with a PDF", text=SHOWN, attachments=1)
    c.good("outlook-shape", c.mixed("outlook-shape", [
        part(['Content-Type: multipart/related; boundary="rel-outlook"'], multi("rel-outlook", [
            part(['Content-Type: multipart/alternative; boundary="alt-outlook"'], multi("alt-outlook", [
                text_part(ACCENTS), text_part("<p>la glyc&eacute;mie</p><img src='cid:logo'>", "html")])),
            part(["Content-Type: image/gif", "Content-ID: <logo>", "Content-Disposition: inline; filename=logo.gif",
                  "Content-Transfer-Encoding: base64"],
                 b64(base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")))])),
        file_part("compte-rendu.pdf", REPORT)]), "mixed(related(alternative, inline logo), PDF), as Outlook writes it", text=SHOWN)
    nest = text_part("Tout au fond.\r\n")
    for level in range(199, -1, -1):
        nest = part([f'Content-Type: multipart/mixed; boundary="niveau{level:04}x"'], multi(f"niveau{level:04}x", [nest]))
    c.bad("multipart-200-deep", c.headers_then("multipart-200-deep", nest), "tooDeep", "multiparts nested 200 deep")
    forwarded = c.with_file("forwarded-original", "analyse.pdf", REPORT)
    message = part(["Content-Type: message/rfc822", "Content-Disposition: attachment; filename=original.eml"], forwarded)
    c.good("forwarded", c.mixed("forwarded", [text_part(ACCENTS), message], subject="Tr: Compte rendu"),
           "a forwarded mail with an attachment of its own", text=SHOWN, attachments=1)
    c.bad("forwarded-eicar", c.mixed("forwarded-eicar", [text_part(ACCENTS), part(
        ["Content-Type: message/rfc822"], c.with_file("forwarded-eicar-original", "analyse.txt", EICAR, "text/plain"))]),
        "malware", "malware inside a forwarded mail")
    for depth, case in ((60, "rfc822-60-deep"), (20_000, "rfc822-20000-deep")):
        chain = "Content-Type: message/rfc822\r\n\r\n" * depth + "Subject: fond\r\n\r\nTout au fond.\r\n"
        c.bad(case, c.mixed(case, [text_part(), chain]), "tooDeep",
              f"message/rfc822 nested {depth} deep" + (": freeing a recursive tree overflows the stack" if depth > 60 else ""))
    wave = [f'Content-Type: multipart/mixed; boundary="jamais{n:05}"\r\n\r\nx' for n in range(20_000)]
    c.bad("boundaries-never-come", c.mixed("boundaries-never-come", [text_part(), *wave]), "tooManyAttachments",
          "20,000 parts, each a multipart whose boundary never comes: a search to the end for each")
    c.good("no-end-boundary", c.mixed("no-end-boundary", [text_part(ACCENTS), file_part("compte-rendu.pdf", REPORT)], close=False),
           "a multipart without its end boundary: the PDF is whole", text=SHOWN, attachments=1, parser=True)
    c.good("boundary-parameter-missing", part(c.headers("boundary-parameter-missing") + ["Content-Type: multipart/mixed"],
           multi("sans-nom", [text_part("Bonjour Madame, le texte.\r\n")]) + "Texte lisible de la fin.\r\n"),
           "multipart without a boundary parameter: taken as text", text="Texte lisible de la fin", attachments=0, parser=True)
    odd = "a'b(c)+_,-./:=?d e"
    c.good("boundary-odd-characters", c.mixed("boundary-odd-characters", [text_part(ACCENTS), file_part("compte-rendu.pdf", REPORT)],
           boundary=odd), "every character that a boundary may hold", text=SHOWN, attachments=1)
    c.good("boundary-prefix", c.mixed("boundary-prefix", [text_part(ACCENTS), part(
        ['Content-Type: multipart/mixed; boundary="limite-interieure"'],
        multi("limite-interieure", [text_part("Dedans.\r\n"), file_part("compte-rendu.pdf", REPORT)]))], boundary="limite"),
        "the outer boundary is the beginning of the inner one", text=SHOWN, attachments=1, parser=True)
    c.good("boundary-in-text", c.mixed("boundary-in-text", [part(["Content-Type: text/plain; charset=utf-8"],
        "Bonjour Madame,\r\nle signe --coupe n'est pas une limite ici.\r\n"), file_part("compte-rendu.pdf", REPORT)],
        boundary="coupe"), "the boundary occurs in the middle of a line of text", text="pas une limite ici", attachments=1, parser=True)
    signed = multi("signe-1", [text_part(ACCENTS), part(
        ['Content-Type: application/pkcs7-signature; name="smime.p7s"', "Content-Transfer-Encoding: base64",
         'Content-Disposition: attachment; filename="smime.p7s"'],
        b64(bytes.fromhex("308006092a864886f70d010702a0803080020101") + hashlib.sha512(b"signature").digest()))])
    c.good("smime-signed", part(c.headers("smime-signed") + [
        'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="signe-1"'], signed),
        "S/MIME with a detached signature", text=SHOWN, attachments=1)
    envelope = bytes.fromhex("308006092a864886f70d010703a0803080020100") + hashlib.sha512(b"secret").digest() * 4
    c.bad("smime-encrypted", part(c.headers("smime-encrypted") + [
        'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"',
        "Content-Transfer-Encoding: base64", 'Content-Disposition: attachment; filename="smime.p7m"'], b64(envelope)),
        "encrypted", "S/MIME encrypted")


def attachments(c):
    split = part(["Content-Type: application/pdf", "Content-Transfer-Encoding: base64",
                  "Content-Disposition: attachment;", " filename*0*=UTF-8''Compte%20rendu%20d%E2%80%99h;",
                  " filename*1*=%C3%A9matologie%20du;", ' filename*2=" 3 novembre.pdf"'], b64(REPORT))
    c.good("filename-rfc2231", c.mixed("filename-rfc2231", [text_part(ACCENTS), split]),
           "an RFC 2231 file name in three pieces", text=SHOWN, attachments=1,
           name="Compte rendu d’hématologie du 3 novembre.pdf")
    c.good("filename-encoded-word", c.with_file("filename-encoded-word", q("Hémogramme.pdf"), REPORT),
           "an encoded word inside a quoted file name (wrong, and usual)", text=SHOWN, attachments=1, parser=True)
    c.good("filename-traversal", c.with_file("filename-traversal", "../../etc/passwd.pdf", REPORT),
           "a path in the file name: only the name is kept", text=SHOWN, attachments=1)
    rtl = part(["Content-Type: application/pdf", "Content-Transfer-Encoding: base64",
                "Content-Disposition: attachment; filename*=UTF-8''rapport%E2%80%AEfdp.exe%00%07%0D%0A.pdf"], b64(REPORT))
    c.good("filename-control-rtl", c.mixed("filename-control-rtl", [text_part(ACCENTS), rtl]),
           "control and right-to-left characters in the file name: removed", text=SHOWN, attachments=1)
    c.good("filename-long", c.with_file("filename-long", "a" * 900 + ".pdf", REPORT), "a file name of 900 characters: cut",
           text=SHOWN, attachments=1)
    nameless = part(["Content-Type: application/pdf", "Content-Transfer-Encoding: base64", "Content-Disposition: attachment"], b64(REPORT))
    c.good("filename-none", c.mixed("filename-none", [text_part(ACCENTS), nameless]), "an attachment without a name",
           text=SHOWN, attachments=1)
    c.good("attachment-only", part(c.headers("attachment-only") + [
        'Content-Type: application/pdf; name="cr.pdf"', "Content-Transfer-Encoding: base64",
        'Content-Disposition: attachment; filename="cr.pdf"'], b64(REPORT)), "no text, one PDF as the whole mail", attachments=1)
    c.good("attachments-10", c.mixed("attachments-10", [text_part(ACCENTS)] + [
        file_part(f"page-{n}.pdf", pdf(f"Page {n}")) for n in range(10)]), "ten attachments: the limit", text=SHOWN, attachments=10)
    c.bad("attachments-11", c.mixed("attachments-11", [text_part(ACCENTS)] + [
        file_part(f"page-{n}.pdf", pdf(f"Page {n}")) for n in range(11)]), "tooManyAttachments", "eleven attachments")
    garbled = file_part("compte-rendu.pdf", REPORT)
    lines = garbled.split(CRLF)
    lines[7:7] = ["%%%% ~~~~ ####", "", "!!!!"]
    c.good("base64-garbage-file", c.mixed("base64-garbage-file", [text_part(ACCENTS), CRLF.join(lines)]),
           "garbage lines inside a base64 PDF are skipped", text=SHOWN, attachments=1, parser=True)
    c.good("winmail-dat", c.with_file("winmail-dat", "winmail.dat", bytes.fromhex("789f3e22") + bytes(200), "application/ms-tnef"),
           "winmail.dat: an attachment of a type that is not shown", text=SHOWN, attachments=1)
    c.good("empty-file", c.with_file("empty-file", "vide.pdf", b""), "an attachment of 0 bytes", text=SHOWN, attachments=1)
    c.bad("mz-as-pdf", c.with_file("mz-as-pdf", "report.pdf", MZ), "active", "a Windows program named report.pdf")
    c.bad("eicar", c.with_file("eicar", "resultat.txt", EICAR, "text/plain"), "malware", "the EICAR test file")
    c.bad("eicar-no-end-boundary", c.mixed("eicar-no-end-boundary", [text_part(ACCENTS),
        file_part("resultat.txt", EICAR, "text/plain")], close=False), "malware",
        "EICAR in base64 in a cut mail: a strict decoder shows the scanner base64 only", parser=True)
    c.bad("eicar-garbage-base64", c.mixed("eicar-garbage-base64", [text_part(ACCENTS),
        file_part("resultat.txt", EICAR, "text/plain").replace("\r\n\r\n", "\r\n\r\n%%%%\r\n", 1)]), "malware",
        "EICAR behind a garbage line of base64", parser=True)
    script = pdf("Compte rendu", "/OpenAction 6 0 R", ["<< /Type /Action /S /JavaScript /JS (app.alert\\(1\\)) >>"])
    c.bad("pdf-javascript", c.with_file("pdf-javascript", "compte-rendu.pdf", script), "active", "a PDF that runs JavaScript when opened")


def archives(c):
    def archive(case, data):
        return c.with_file(case, "IHE_XDM.ZIP", data, "application/zip")
    m = c.matricule
    c.good("xdm", archive("xdm", zipped(xdm(m))), "IHE_XDM.ZIP with a CDA of the patient", text=SHOWN, attachments=1)
    c.good("xdm-other-patient", archive("xdm-other-patient", zipped(xdm("185127512345645"))),
           "IHE_XDM.ZIP of another patient: the mail is taken, the document must not be filed", text=SHOWN, attachments=1)
    c.bad("zip-bomb", archive("zip-bomb", zip_bomb(m)), "archive", "zip bomb: 30 MB and nested zips in less than 200 kB")
    c.bad("zip-overlapping", archive("zip-overlapping", zip_overlapping()), "archive", "forty entries over the same bytes")
    c.bad("zip-false-sizes", archive("zip-false-sizes", zip_false_sizes()), "archive",
          "the central directory lies about the size")
    c.bad("zip-traversal", archive("zip-traversal", zipped(xdm(m) + [("../../../tmp/intrus.xml", b"<intrus/>")])),
          "archive", "an entry named with ../")
    c.bad("zip-encrypted", archive("zip-encrypted", zip_encrypted(m)), "archive", "encrypted entries")
    c.bad("zip-5000-entries", archive("zip-5000-entries", zipped([(f"D/{n:04}.X", b"<a/>") for n in range(5_000)], stored=True)),
          "archive", "five thousand entries")


def automatic(c):
    c.bad("vacation", c.single("vacation", "Je suis absente jusqu'au 17 novembre.\r\n", subject="Absence du bureau",
          Auto_Submitted="auto-replied (vacation)", Precedence="bulk"), "automatic", "automatic")

    def report(case, kind, human, machine, subject, **changes):
        boundary = boundary_of(case)
        return part(c.headers(case, subject=subject, **changes) + [
            f'Content-Type: multipart/report; report-type={kind}; boundary="{boundary}"'], multi(boundary, [
                text_part(human), part([f"Content-Type: message/{kind}"], machine),
                part(["Content-Type: text/rfc822-headers"], f"Subject: Question\r\nTo: <{c.sender}>\r\n")]))
    c.bad("read-receipt", report("read-receipt", "disposition-notification", "Votre message a été lu.\r\n",
          f"Reporting-UA: cabinet.example\r\nFinal-Recipient: rfc822;{c.sender}\r\n"
          "Original-Message-ID: <question-1@patient.mssante.example>\r\n"
          "Disposition: manual-action/MDN-sent-manually; displayed\r\n", "Lu : Question"), "automatic", "automatic")
    c.bad("bounce", report("bounce", "delivery-status", "Votre message n'a pas pu être remis.\r\n",
          "Reporting-MTA: dns; mx.medecin.mssante.example\r\n\r\n"
          f"Final-Recipient: rfc822;{c.sender}\r\nAction: failed\r\nStatus: 5.1.1\r\n", "Undelivered Mail Returned to Sender",
          From="Mail Delivery System <MAILER-DAEMON@medecin.mssante.example>", Return_Path="<>",
          Auto_Submitted="auto-replied"), "automatic", "automatic")


def nothing(c):
    c.bad("empty-file-0", b"", "empty", "a mail of 0 bytes")
    c.bad("headers-only", CRLF.join(c.headers("headers-only")) + CRLF, "empty", "headers only, without an empty line")
    c.bad("empty-body", c.single("empty-body", "\r\n \r\n"), "empty", "an empty body and no attachment")
    c.bad("no-headers", "Bonjour\r\nceci n'est pas un courriel\r\n", "sender", "a text without any header")
    c.bad("binary-noise", b"".join(hashlib.sha256(bytes([n])).digest() for n in range(64)), "sender", "noise")


def big(c):
    data = REPORT.replace(b"%%EOF\n", b"") + b"% " + b"0" * (22 * 1024 * 1024) + b"\n%%EOF\n"
    c.bad("mail-30-mb", c.with_file("mail-30-mb", "imagerie.pdf", data), "tooLarge", "a mail of 30 MB", big=True)


def headers_then(self, case, rest):
    """The usual headers, then a part that begins with its own Content-Type."""
    return CRLF.join(self.headers(case)) + CRLF + rest


Corpus.headers_then = headers_then


def build(sender, patient, with_big=True):
    corpus = Corpus(sender, patient)
    for group in (texts, header_cases, people, structures, attachments, archives, automatic, nothing):
        group(corpus)
    if with_big:
        big(corpus)
    return corpus


# ---------------------------------------------------------------- the check

def judge(raw, patient_domain):
    """(code or None, text, attachments, subject) by the rules, read with Python's own modules."""
    import email
    import email.policy
    from email.header import decode_header, make_header
    from email.utils import getaddresses

    if len(raw) > 25 * 1024 * 1024:
        return "tooLarge", "", 0, None
    if not raw.strip():
        return "empty", "", 0, None
    block = re.split(rb"\r\n\r\n|\n\n", raw, maxsplit=1)[0]
    fields = len(re.findall(rb"(?m)^[^\s:]+[ \t]*:", block))
    if len(block) > 256 * 1024 or fields > 500:
        return "headers", "", 0, None
    # Bare CR is a line end to Python, not to RFC 5322.
    root = email.message_from_bytes(raw if b"\n" in raw else raw.replace(b"\r", b" "), policy=email.policy.compat32)
    addresses = [address for _, address in getaddresses([str(v) for v in root.get_all("From", [])])]
    if len(addresses) != 1 or addresses[0].count("@") != 1:
        return "sender", "", 0, None
    if not addresses[0].lower().split("@")[1].endswith(TRUST):
        return "sender", "", 0, None
    subject = root.get("Subject")
    if subject is not None:
        subject = str(make_header(decode_header(re.sub(r"\r?\n[ \t]", " ", str(subject)))))
    auto = [str(value).strip().lower() for value in root.get_all("Auto-Submitted", [])]
    if any(not value.startswith("no") for value in auto) or root.get_content_type() == "multipart/report":
        return "automatic", "", 0, subject
    everyone = getaddresses([str(v) for name in ("To", "Cc") for v in root.get_all(name, [])])
    patients = {address.lower() for _, address in everyone if address.lower().endswith("@" + patient_domain)}
    if len(patients) != 1:
        return "recipient", "", 0, subject

    # An own walk: depth, text, files; no recursion.
    text, files, count, deepest, parts = [], [], 0, 0, 0
    queue = [(root, 1, True)]
    while queue:
        node, depth, own = queue.pop(0)
        deepest, parts = max(deepest, depth), parts + 1
        if depth > 20:
            return "tooDeep", "", 0, subject
        kind = node.get_content_type()
        if kind == "message/rfc822" and node.is_multipart():
            count += own
            queue.append((node.get_payload(0), depth + 1, False))
        elif node.is_multipart():
            queue.extend((child, depth + 1, own) for child in node.get_payload())
        else:
            data = node.get_payload(decode=True)
            data = node.get_payload().encode("latin-1", "replace") if data is None else data
            if kind == "application/pkcs7-mime":
                return "encrypted", "", 0, subject
            is_file = node.get_filename() is not None or node.get_content_disposition() == "attachment" \
                or not kind.startswith(("text/", "multipart/"))
            if is_file or not own:
                count += own and is_file
                files.append(data)
            else:
                charset = (node.get_content_charset() or "utf-8").replace("x-mac-foo", "utf-8")
                charset = {"us-ascii": "utf-8", "iso-8859-1": "cp1252"}.get(charset, charset)
                try:
                    shown = data.decode(charset)
                except UnicodeDecodeError:
                    shown = data.decode("cp1252", "replace")
                if kind == "text/html":
                    import html
                    shown = re.sub(r"(?s)<(style|script)\b.*?</\1>", " ", shown)
                    shown = html.unescape(re.sub(r"<[^>]*>", "\n", shown))
                text.append(shown)
    if parts > 1_000 or count > 10:
        return "tooManyAttachments", "", count, subject
    for data in files:
        if EICAR in data:
            return "malware", "", count, subject
        if data.startswith(b"MZ") or re.search(rb"/JavaScript\b|/JS\b", data):
            return "active", "", count, subject
        if data.startswith(b"PK") and not good_zip(data):
            return "archive", "", count, subject
    readable = "\n".join(text)
    if len(readable.encode()) > 100 * 1024:
        return "bodyTooLong", readable, count, subject
    if not readable.strip() and not count:
        return "empty", readable, count, subject
    return None, readable, count, subject


def good_zip(data):
    archive = zipfile.ZipFile(BytesIO(data))
    entries, seen = archive.infolist(), set()
    if len(entries) > 1_000:
        return False
    for entry in entries:
        if entry.flag_bits & 1 or ".." in entry.filename.split("/") or entry.header_offset in seen:
            return False
        seen.add(entry.header_offset)
        if entry.file_size > 20 * 1024 * 1024 or entry.file_size > 100 * max(entry.compress_size, 100):
            return False
        at = entry.header_offset + 30 + sum(struct.unpack_from("<HH", data, entry.header_offset + 26))
        engine = zlib.decompressobj(-15)
        out = engine.decompress(data[at:at + entry.compress_size], entry.file_size + 1) if entry.compress_type else \
            data[at:at + entry.compress_size]
        if len(out) != entry.file_size or entry.filename.lower().endswith(".zip"):
            return False
    return True


def check(directory, patient):
    wrong, domain = 0, patient.split("@", 1)[1].lower()
    cases = json.loads((directory / "cases.json").read_text("utf-8"))
    for case in cases:
        path = directory / case["file"]
        try:
            code, text, count, subject = judge(path.read_bytes(), domain)
        except RecursionError:
            code, text, count, subject = "tooDeep", "", 0, None
        found = []
        if (code is None) != (case["expect"] == "accepted") or (code != case.get("code")):
            found.append(f"judged {code}, expected {case.get('code')}")
        if code is None and "text" in case and case["text"] not in text:
            found.append(f"text {case['text']!r} not in {text[:200]!r}")
        if code is None and "attachments" in case and case["attachments"] != count:
            found.append(f"{count} attachments, expected {case['attachments']}")
        if code is None and case.get("subject") and case["subject"] != subject:
            found.append(f"subject {subject!r}")
        if found:
            wrong += 1
            print(case["file"], "; ".join(found), sep=": ", file=sys.stderr)
    print(f"{len(cases)} cases, {sum(c['expect'] == 'accepted' for c in cases)} accepted, {wrong} differ")
    return wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--from", dest="sender", default=FROM)
    parser.add_argument("--to", dest="patient", default=TO)
    parser.add_argument("--no-big", action="store_true", help="leave out the mail of 30 MB")
    parser.add_argument("--check", action="store_true", help="read back and judge what was written")
    args = parser.parse_args()
    args.directory.mkdir(parents=True, exist_ok=True)
    corpus = build(args.sender, args.patient, not args.no_big)
    for case, raw in corpus.cases:
        (args.directory / case["file"]).write_bytes(raw)
    listing = "[\n" + ",\n".join("  " + json.dumps(case, ensure_ascii=False) for case, _ in corpus.cases) + "\n]\n"
    (args.directory / "cases.json").write_text(listing, "utf-8")
    if args.check and not check(args.directory, args.patient):
        sys.exit(1)


if __name__ == "__main__":
    main()
