"""Makes the samples in this directory: python make.py (reportlab, fpdf2, pypdf)."""
import io, sys, os, zlib
from reportlab.pdfgen import canvas
from reportlab.lib.pagesizes import letter
from reportlab.platypus import SimpleDocTemplate, Table, Paragraph, TableStyle
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
import pypdf
from pypdf.generic import *

DEJAVU = '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf'

# Every file plants values of its own: area-group-serial numbers 536-22-NNNN.
def ssn(n): return '536-22-%04d' % n

def plain():
    c = canvas.Canvas('plain.pdf', pagesize=letter, invariant=1)
    c.setTitle('Report ' + ssn(1001)); c.setAuthor('Jane Doe ' + ssn(1002)); c.setSubject(ssn(1003)); c.setKeywords(ssn(1004))
    c.setFont('Helvetica', 11)
    c.drawString(72, 700, 'Jane Doe, SSN ' + ssn(1005))
    x = 72                                     # piece by piece
    for p in ('536', '-22-', '1006'):
        c.drawString(x, 680, p); x += pdfmetrics.stringWidth(p, 'Helvetica', 11)
    x = 72                                     # each glyph alone
    for p in ssn(1007):
        c.drawString(x, 660, p); x += pdfmetrics.stringWidth(p, 'Helvetica', 11)
    x = 72 + 100                               # out of order: the end first
    c.drawString(172 + pdfmetrics.stringWidth('536-22', 'Helvetica', 11), 640, '-1008'); c.drawString(172, 640, '536-22')
    t = c.beginText(72, 620); t.setTextRenderMode(3); t.textOut('invisible ' + ssn(1009)); c.drawText(t)
    t = c.beginText(72, 600); t.setTextRenderMode(0); t.setFillColorRGB(1, 1, 1); t.textOut('white ' + ssn(1010)); c.drawText(t)
    c.saveState(); c.translate(300, 300); c.rotate(90); c.setFillColorRGB(0, 0, 0); c.drawString(0, 0, 'turned ' + ssn(1011)); c.restoreState()
    t = c.beginText(72, 580); t.setCharSpace(2); t.textOut(ssn(1012)); c.drawText(t)
    t = c.beginText(72, 560); t.setCharSpace(0); t.setHorizScale(60); t.textOut(ssn(1013)); c.drawText(t)
    c.drawString(-400, 2000, 'off the page ' + ssn(1014))
    for i, d in enumerate('536221015'): c.drawString(72 + 18 * i, 540, d)      # boxes of a form
    for dx in (0, .3): c.drawString(72 + dx, 520, ssn(1016))                    # bold by drawing twice
    c.beginForm('f1'); c.drawString(72, 500, 'form ' + ssn(1017)); c.endForm(); c.doForm('f1')
    c.bookmarkPage('p1'); c.addOutlineEntry('Bookmark ' + ssn(1018), 'p1')
    c.textAnnotation('Note ' + ssn(1019), Rect=[100, 100, 120, 120])
    c.linkURL('https://example.com/?ssn=' + ssn(1020), (72, 400, 100, 410))
    c.acroForm.textfield(name='ssn_field', tooltip='Social Security number', value=ssn(1021), x=72, y=300, width=120, height=16)
    c.acroForm.choice(name='pick', tooltip='pick', value='a', options=['a', ssn(1022)], x=72, y=250, width=120, height=20)
    c.showPage()
    c.setFont('Courier', 10); c.drawString(72, 700, 'Name                SSN              City'); 
    c.drawString(72, 688, 'Jane Doe            %s      Boston' % ssn(1023)); c.drawString(72, 676, 'John Roe            %s      Lowell' % ssn(1024)); c.drawString(72, 664, 'Ann Poe             %s      Salem' % ssn(1025))
    c.showPage(); c.save()

def table():
    rows = [['Name', 'SSN', 'Driver license', 'Account number', 'Amount']]
    names = 'Jane Doe,John Roe,Ann Poe,Max Moe,Eve Low,Sam Hill,Pat Day'.split(',')
    for i in range(90):
        rows.append([names[i % 7], '53622%04d' % (2000 + i), 'S1234%04d' % i, '44556677%03d' % i, '%d.00' % (i * 13)])
    d = SimpleDocTemplate('table.pdf', pagesize=letter, invariant=1)
    d.build([Paragraph('Payroll', getSampleStyleSheet()['Title']), Table(rows)])
    d = SimpleDocTemplate('table-right.pdf', pagesize=letter, invariant=1)
    t = Table(rows[:6], colWidths=[90] * 5); t.setStyle(TableStyle([('ALIGN', (0, 0), (-1, -1), 'RIGHT')]))
    t2 = Table(rows[:6]); t2.setStyle(TableStyle([('ALIGN', (0, 0), (-1, -1), 'CENTER'), ('LEFTPADDING', (0, 0), (-1, -1), 2), ('RIGHTPADDING', (0, 0), (-1, -1), 2)]))
    d.build([t, t2])

def truetype():
    pdfmetrics.registerFont(TTFont('DejaVu', DEJAVU))
    c = canvas.Canvas('truetype.pdf', pagesize=letter, invariant=1); c.setFont('DejaVu', 11)
    c.drawString(72, 700, 'Zoë Łuk — SSN ' + ssn(1101)); c.drawString(72, 680, '٥٣٦-٢٢-١١٠٢'); c.save()
    from fpdf import FPDF
    f = FPDF(); f.set_creation_date(None) if False else None; f.add_page(); f.add_font('DejaVu', '', DEJAVU); f.set_font('DejaVu', size=12)
    f.cell(0, 10, 'Jane Doe SSN ' + ssn(1111), new_x='LMARGIN', new_y='NEXT'); f.multi_cell(60, 6, 'A narrow cell with the number ' + ssn(1112) + ' in it')
    f.set_font('Times', size=12)
    with f.table() as t:
        for r in (('Name', 'SSN', 'Card'), ('Jane Doe', '536221113', '4539 1488 0343 6467'), ('John Roe', '536221114', '4716 1088 9971 6531')):
            row = t.row()
            for x in r: row.cell(x)
    f.output('fpdf.pdf')

def attach():
    r = pypdf.PdfReader('plain.pdf'); w = pypdf.PdfWriter(); w.append(r)
    w.add_attachment('list ' + '.csv', b'name,ssn\nJane Doe,536-22-1201\n')
    inner = io.BytesIO(); c = canvas.Canvas(inner, invariant=1); c.drawString(72, 700, 'inner ' + ssn(1202)); c.save()
    w.add_attachment('inner.pdf', inner.getvalue())
    w._add_object(DictionaryObject({NameObject('/S'): NameObject('/JavaScript'), NameObject('/JS'): TextStringObject('var x = "%s";' % ssn(1203))}))
    x = StreamObject(); x.set_data(b'<?xml version="1.0"?><xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><data><ssn>536-22-1204</ssn><p>536-<b>22</b>-1205</p></data></xdp:xdp>')
    w.root_object[NameObject('/AcroForm')][NameObject('/XFA')] = ArrayObject([TextStringObject('datasets'), w._add_object(x.flate_encode())])
    m = StreamObject(); m.set_data(b'<?xpacket?><x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:title>XMP 536-22-1206</dc:title></x:xmpmeta>')
    m.update({NameObject('/Type'): NameObject('/Metadata'), NameObject('/Subtype'): NameObject('/XML')})
    w.root_object[NameObject('/Metadata')] = w._add_object(m)
    w._add_object(DictionaryObject({NameObject('/Type'): NameObject('/StructElem'), NameObject('/S'): NameObject('/Figure'), NameObject('/Alt'): TextStringObject('alt ' + ssn(1207)), NameObject('/ActualText'): TextStringObject('actual ' + ssn(1208))}))
    w._add_object(DictionaryObject({NameObject('/Nobody'): TextStringObject('orphan ' + ssn(1209))}))
    ft = DictionaryObject({NameObject('/Type'): NameObject('/Annot'), NameObject('/Subtype'): NameObject('/FreeText'), NameObject('/Rect'): ArrayObject([NumberObject(10), NumberObject(10), NumberObject(200), NumberObject(30)]),
        NameObject('/Contents'): TextStringObject('free text ' + ssn(1210)), NameObject('/RC'): TextStringObject('<body><p>536-<span style="color:red">22</span>-1211</p></body>'), NameObject('/DA'): TextStringObject('/Helv 12 Tf')})
    w.pages[0][NameObject('/Annots')].get_object().append(w._add_object(ft))
    w.write('attached.pdf')
    # object streams and encryption
    for name, user, owner, alg in (('locked.pdf', 'secret', 'owner', 'AES-256'), ('owner-rc4.pdf', '', 'owner', 'RC4-128'), ('owner-rc40.pdf', '', 'owner', 'RC4-40'), ('owner-aes128.pdf', '', 'owner', 'AES-128'), ('owner-aes256.pdf', '', 'owner', 'AES-256'), ('owner-aes256r5.pdf', '', 'owner', 'AES-256-R5')):
        w = pypdf.PdfWriter(); w.append(pypdf.PdfReader('plain.pdf')); w.encrypt(user, owner, algorithm=alg); w.write(name)

def incremental():
    c = canvas.Canvas('base.pdf', invariant=1); c.drawString(72, 700, 'first revision ' + ssn(1301)); c.showPage(); c.save()
    data = open('base.pdf', 'rb').read(); os.remove('base.pdf')
    r = pypdf.PdfReader(io.BytesIO(data)); w = pypdf.PdfWriter(io.BytesIO(data), incremental=True)
    p = w.pages[0]; s = StreamObject(); s.set_data(b'BT /F1 12 Tf 72 700 Td (second revision, nothing here) Tj ET')
    ref = p.raw_get('/Contents'); w._replace_object(ref, s)
    w.write('incremental.pdf')

def build(objects, name, trailer='/Root 1 0 R', header=b'%PDF-1.7\n', tail=b''):
    out = bytearray(header); offs = {}
    for n, body in objects:
        offs[n] = len(out); out += b'%d 0 obj\n' % n + body + b'\nendobj\n'
    x = len(out); size = max(offs) + 1
    out += b'xref\n0 %d\n0000000000 65535 f \n' % size
    for n in range(1, size): out += (b'%010d 00000 n \n' % offs[n]) if n in offs else b'0000000000 00000 f \n'
    out += b'trailer\n<</Size %d %s>>\nstartxref\n%d\n%%%%EOF\n' % (size, trailer.encode(), x) + tail
    if name: open(name, 'wb').write(bytes(out))
    return bytes(out)

def stream(data, extra=b''): return b'<<%s/Length %d>>\nstream\n%s\nendstream' % (extra, len(data), data)

def page(content, resources=b'<</Font<</F1 5 0 R>>>>', more=()):
    return [(1, b'<</Type/Catalog/Pages 2 0 R>>'), (2, b'<</Type/Pages/Count 1/Kids[3 0 R]>>'),
        (3, b'<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources ' + resources + b'>>'), (4, content), *more]
HELV = b'<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>'

def lzw(data):
    table = {bytes([i]): i for i in range(256)}; nxt = 258; width = 9; bits = ''; w = b''
    bits += format(256, '09b')
    for b in data:
        wb = w + bytes([b])
        if wb in table: w = wb; continue
        bits += format(table[w], '0%db' % width); table[wb] = nxt; nxt += 1
        if nxt > 511 and width == 9: width = 10
        elif nxt > 1023 and width == 10: width = 11
        elif nxt > 2047 and width == 11: width = 12
        w = bytes([b])
    bits += format(table[w], '0%db' % width) + format(257, '0%db' % width); bits += '0' * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))

def crafted():
    import base64
    # fonts: names of glyphs, ToUnicode that disagrees, no ToUnicode, Type 3
    five = b'BT /F1 12 Tf 72 700 Td (abc-dd-efgh) Tj ET BT /F2 12 Tf 72 680 Td (536-22-1402) Tj ET BT /F3 12 Tf 72 660 Td <0001000200030004000500060007> Tj ET BT /F4 12 Tf 72 640 Td <0051004f00520009> Tj ET BT /F5 20 Tf 72 600 Td (abcabcabc) Tj ET'
    tu = b'/CIDInit /ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange <00><ff> endcodespacerange 2 beginbfrange <30><39><0061> <2d><2d>[<002e>] endbfrange endcmap'
    build(page(stream(five), b'<</Font<</F1 5 0 R/F2 6 0 R/F3 8 0 R/F5 12 0 R>>>>', [
        (5, b'<</Type/Font/Subtype/Type1/BaseFont/X/FirstChar 97/LastChar 104/Widths[600 600 600 600 600 600 600 600]/Encoding<</Differences[97/five/three/uni0036/two/one.oldstyle/four/zero/u0031 45/hyphen]>>>>'),
        (6, HELV[:-2] + b'/ToUnicode 7 0 R>>'), (7, stream(tu)),
        (8, b'<</Type/Font/Subtype/Type0/BaseFont/Y/Encoding/Identity-H/DescendantFonts[9 0 R]>>'), (9, b'<</Type/Font/Subtype/CIDFontType2/BaseFont/Y/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 10 0 R>>'), (10, b'<</Type/FontDescriptor/Flags 4>>'),
        (12, b'<</Type/Font/Subtype/Type3/FontBBox[0 0 10 10]/FontMatrix[.1 0 0 .1 0 0]/FirstChar 97/LastChar 99/Widths[9 9 9]/Encoding<</Differences[97/g1/g2/g3]>>/CharProcs<</g1 13 0 R/g2 13 0 R/g3 13 0 R>>/Resources<</Font<</F9 14 0 R>>>>>>'),
        (13, stream(b'9 0 d0 BT /F9 1 Tf (in a glyph 536-22-1403) Tj ET')), (14, HELV)]), 'fonts.pdf')
    # filters
    text = lambda n: b'BT /F1 12 Tf 72 700 Td (SSN %s) Tj ET ' % ssn(n).encode()
    rl = lambda d: b''.join(bytes([len(d[i:i+128]) - 1]) + d[i:i+128] for i in range(0, len(d), 128)) + b'\x80'
    pred = lambda d, w: b''.join(b'\x02' + bytes((d[i + j] - (d[i - w + j] if i >= w else 0)) % 256 for j in range(w)) for i in range(0, len(d), w))
    long = b' '.join(text(1411) for _ in range(200))
    p = text(1416); p += b' ' * (-len(p) % 10)
    parts = [(4, b'[10 0 R 11 0 R 12 0 R 13 0 R 14 0 R 15 0 R]'), (5, HELV), (10, stream(lzw(long), b'/Filter/LZWDecode')), (11, stream(text(1412).hex().encode() + b'>', b'/Filter/AHx')),
        (12, stream(base64.a85encode(zlib.compress(text(1413))) + b'~>', b'/Filter[/ASCII85Decode/FlateDecode]')), (13, stream(rl(text(1414)), b'/Filter/RL')),
        (14, stream(zlib.compress(pred(p, 10)), b'/Filter/Fl/DecodeParms<</Predictor 12/Columns 10>>')), (15, stream(zlib.compress(text(1415))[:-4], b'/Filter/FlateDecode'))]
    build([o for o in page(b'') if o[0] != 4] + parts, 'filters.pdf')
    # broken and odd structures
    good = build(page(stream(text(1421)), more=[(5, HELV)]), None)
    open('no-xref.pdf', 'wb').write(good[:good.index(b'xref\n0')] + b'%%EOF\n')
    open('truncated.pdf', 'wb').write(good[:good.index(b') Tj ET')])
    open('surrounded.pdf', 'wb').write(b'Before the header 536-22-1422\n' + good + b'\nAfter the end 536-22-1423\n')
    hidden = page(stream(b'BT /F1 12 Tf 72 700 Td (shown) Tj /OC /L1 BDC 0 -20 Td (layer 536-22-1431) Tj EMC 0 -20 Td /Span <</ActualText (536-22-1432)>> BDC (xx) Tj (yy) Tj EMC ET'), more=[(5, HELV),
        (6, stream(b'BT /F1 12 Tf 72 700 Td (nobody draws 536-22-1433) Tj ET', b'/Type/XObject/Subtype/Form/BBox[0 0 9 9]')),
        (7, stream(b'BT /F1 12 Tf (just a stream 536-22-1434) Tj ET')), (8, b'<</Type/Page/MediaBox[0 0 9 9]/Resources<</Font<</F1 5 0 R>>>>/Contents 9 0 R>>'), (9, stream(b'BT /F1 12 Tf (lost page 536-22-1435) Tj ET')),
        (10, stream(b'BT /F1 12 Tf (in a pattern 536-22-1436) Tj ET', b'/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]/XStep 9/YStep 9/Resources<</Font<</F1 5 0 R>>>>')),
        (11, b'<</Names[(dest 536-22-1437) 3 0 R]>>'), (12, b'<</T<FEFF0053>/V/536-22-1438/FT/Btn>>'), (13, b'<</X(53\\066-22-1439)/Y<3533362d32322d31343430>>>')])
    build(hidden, 'hidden.pdf')
    # object stream with a cross-reference stream
    members = [(1, b'<</Type/Catalog/Pages 2 0 R>>'), (2, b'<</Type/Pages/Count 1/Kids[3 0 R]>>'), (3, b'<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>'), (5, HELV), (8, b'(in an object stream 536-22-1441)')]
    heads, body = b'', b''
    for n, o in members: heads += b'%d %d ' % (n, len(body)); body += o + b' '
    data = zlib.compress(heads + body); out = bytearray(b'%PDF-1.5\n'); offs = {}
    for n, o in ((4, stream(text(1442))), (6, b'<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream' % (len(members), len(heads), len(data), data))):
        offs[n] = len(out); out += b'%d 0 obj\n' % n + o + b'\nendobj\n'
    offs[7] = len(out); rows = b'\0\0\0\0\xff'
    place = {n: i for i, (n, _) in enumerate(members)}
    for n in range(1, 9): rows += (b'\2' + (6).to_bytes(3, 'big') + bytes([place[n]])) if n in place else b'\1' + offs[n].to_bytes(3, 'big') + b'\0'
    z = zlib.compress(rows); out += b'7 0 obj\n<</Type/XRef/W[1 3 1]/Size 9/Root 1 0 R/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n' % (len(z), z, offs[7])
    open('object-streams.pdf', 'wb').write(bytes(out))

os.chdir(sys.argv[1] if len(sys.argv) > 1 else '.')
plain(); table(); truetype(); attach(); incremental(); crafted()
