# Makes docx/xlsx/pptx with planted values; LibreOffice converts them.
import docx, openpyxl, json, sys
from docx.shared import Pt
from docx.oxml.ns import qn
from docx.oxml import OxmlElement
from pptx import Presentation
from pptx.util import Inches
from PIL import Image, ImageDraw
plants={}
n=[100]
def ssn(place):
    n[0]+=1
    v=f"536-{n[0]%89+10}-{8000+n[0]}"
    plants.setdefault(kind,{})[place]=v
    return v
img=Image.new('RGB',(60,20),'white'); ImageDraw.Draw(img).text((2,2),'hi',fill=0); img.save('p.png')
kind='doc'
d=docx.Document()
d.core_properties.title='SSN '+ssn('property title'); d.core_properties.comments='SSN '+ssn('property comments'); d.core_properties.keywords='SSN '+ssn('property keywords')
d.add_paragraph('Jane Doe, SSN '+ssn('body'))
p=d.add_paragraph('SSN '); v=ssn('split runs'); p.add_run(v[:5]).bold=True; p.add_run(v[5:])
p=d.add_paragraph('unicode Ω SSN '+ssn('unicode piece'))
p=d.add_paragraph('Hidden: '); r=p.add_run('SSN '+ssn('hidden text')); r.font.hidden=True
p=d.add_paragraph('Non-breaking: SSN '); v=ssn('non-breaking hyphen'); 
r=p.add_run(v[:3]); r._r.append(OxmlElement('w:noBreakHyphen')); p.add_run(v[4:6])._r.append(OxmlElement('w:noBreakHyphen')); p.add_run(v[7:])
t=d.add_table(rows=4,cols=3)
for i,h in enumerate(['Name','Notes','SSN']): t.cell(0,i).text=h
for r_,nm in enumerate(['John Smith','Mary Major','Ann Other'],1):
    t.cell(r_,0).text=nm; 
    v=ssn(f'table row {r_}'); t.cell(r_,2).text=v.replace('-',''); plants['doc'][f'table row {r_}']=v.replace('-','')
s=d.sections[0]; s.header.paragraphs[0].text='Header SSN '+ssn('header'); s.footer.paragraphs[0].text='Footer SSN '+ssn('footer')
try:
    c=d.add_comment(d.paragraphs[0].runs, text='Comment SSN '+ssn('comment'), author='Rev', initials='R')
except Exception as e: print('comment',e)
# field
p=d.add_paragraph('Field '); 
def fld(p,instr,res):
    for typ in ('begin',None,'separate','res','end'):
        r=p.add_run()
        if typ in('begin','separate','end'):
            f=OxmlElement('w:fldChar'); f.set(qn('w:fldCharType'),typ); r._r.append(f)
        elif typ is None:
            e=OxmlElement('w:instrText'); e.text=instr; r._r.append(e)
        else: r.text=res
fld(p,' HYPERLINK "http://x.example/?ssn='+ssn('field code')+'" ','SSN '+ssn('field result'))
# deleted / inserted
p=d.add_paragraph('Tracked ')
de=OxmlElement('w:del'); de.set(qn('w:id'),'90'); de.set(qn('w:author'),'A'); de.set(qn('w:date'),'2024-01-01T00:00:00Z')
r=OxmlElement('w:r'); tt=OxmlElement('w:delText'); tt.text='SSN '+ssn('tracked deletion'); r.append(tt); de.append(r); p._p.append(de)
d.add_picture('p.png')
bm=OxmlElement('w:bookmarkStart'); bm.set(qn('w:id'),'5'); bm.set(qn('w:name'),'SSN_'+ssn('bookmark').replace('-','_')); 
be=OxmlElement('w:bookmarkEnd'); be.set(qn('w:id'),'5'); p._p.append(bm); p._p.append(be); plants['doc'].pop('bookmark')
d.save('word.docx')
# odt with footnote/endnote/textbox via flat odt
kind='doc-notes'
open('notes.fodt','w').write(f'''<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>
<text:p>Body SSN {ssn('body')}<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>Foot SSN {ssn('footnote')}</text:p></text:note-body></text:note> and<text:note text:note-class="endnote"><text:note-citation>i</text:note-citation><text:note-body><text:p>End SSN {ssn('endnote')}</text:p></text:note-body></text:note><office:annotation><dc:creator>X</dc:creator><text:p>Annotation SSN {ssn('annotation')}</text:p></office:annotation></text:p>
<text:p><draw:frame svg:width="8cm" svg:height="2cm" text:anchor-type="paragraph"><draw:text-box><text:p>Box SSN {ssn('text box')}</text:p></draw:text-box></draw:frame></text:p>
<text:p><draw:custom-shape svg:width="8cm" svg:height="2cm" text:anchor-type="paragraph"><text:p>Shape SSN {ssn('shape text')}</text:p></draw:custom-shape></text:p>
</office:text></office:body></office:document>''')
kind='xls'
wb=openpyxl.Workbook(); ws=wb.active; ws.title='People'
ws.append(['Name','Notes','SSN','Account number','Card'])
def num(v): return int(v.replace('-',''))
v=ssn('text cell'); ws.append(['John Smith',None,v,None,None])
v=ssn('number cell under header'); ws.append(['Mary Major',None,num(v)]); plants['xls']['number cell under header']=v.replace('-','')
v=ssn('masked number'); ws.append(['Ann Other','x',num(v)]); ws.cell(4,3).number_format='000-00-0000'
ws.append(['Bob Stone',None,1234567]); plants['xls']['lost leading zeros']='1234567'
ws['B7']='=CONCATENATE("SSN ","'+ssn('string formula result')+'")'
ws['B8']='="SSN "&"'+ssn('formula string')+'"'
ws['B9']='Jane Doe SSN '+ssn('shared string')
from openpyxl.comments import Comment
ws['A2'].comment=Comment('SSN '+ssn('cell comment'),'Me')
ws.oddHeader.center.text='SSN '+ssn('header'); ws.oddFooter.left.text='SSN '+ssn('footer')
h=wb.create_sheet('Hidden'); h['A1']='SSN '+ssn('hidden sheet'); h.sheet_state='hidden'
vh=wb.create_sheet('VH'); vh['A1']='SSN '+ssn('very hidden sheet'); vh.sheet_state='veryHidden'
o=wb.create_sheet('One'); o['A1']='SSN'; v=ssn('single column'); o['A2']=num(v); plants['xls']['single column']=v.replace('-','')
sn=wb.create_sheet('SSN '+ssn('sheet name')); sn['A1']='x'
from openpyxl.workbook.defined_name import DefinedName
wb.defined_names['Secret']=DefinedName('Secret',attr_text='"SSN '+ssn('defined name')+'"')
wb.properties.title='SSN '+ssn('property title')
far=wb.create_sheet('Far'); far['Z500']='SSN '+ssn('far cell')
from openpyxl.worksheet.datavalidation import DataValidation
dv=DataValidation(type='whole',operator='between',formula1='1',formula2='9',showInputMessage=True,promptTitle='Note',prompt='SSN '+ssn('validation prompt')); ws.add_data_validation(dv); dv.add('F1')
ws['A10']='link'; ws['A10'].hyperlink='http://x.example/?ssn='+ssn('hyperlink')
wb.save('sheet.xlsx')
kind='ppt'
pr=Presentation(); sl=pr.slides.add_slide(pr.slide_layouts[1])
sl.shapes.title.text='SSN '+ssn('title'); sl.placeholders[1].text='Bullets SSN '+ssn('bullets')
tb=sl.shapes.add_textbox(Inches(1),Inches(5),Inches(5),Inches(1)); tb.text_frame.text='Ω Box SSN '+ssn('text box')
sl.notes_slide.notes_text_frame.text='Notes SSN '+ssn('notes')
sl2=pr.slides.add_slide(pr.slide_layouts[6]); t=sl2.shapes.add_table(3,3,Inches(1),Inches(1),Inches(8),Inches(2)).table
for i,h in enumerate(['Name','Phone','SSN']): t.cell(0,i).text=h
for r in (1,2):
    v=ssn(f'table row {r}'); t.cell(r,0).text='John Smith'; t.cell(r,2).text=v.replace('-',''); plants['ppt'][f'table row {r}']=v.replace('-','')
sl3=pr.slides.add_slide(pr.slide_layouts[6]); sl3._element.set('show','0'); b=sl3.shapes.add_textbox(Inches(1),Inches(1),Inches(4),Inches(1)); b.text_frame.text='SSN '+ssn('hidden slide')
sl.shapes.add_picture('p.png',Inches(1),Inches(1)); pr.core_properties.title='SSN '+ssn('property title')

lays=pr.slide_layouts
used={x.slide_layout.name for x in pr.slides}
for l in list(lays):
    if l.name not in used: lays.remove(l)
pr.save('slides.pptx')
json.dump(plants,open('plants.json','w'),indent=1)
