# Makes .msg (with extract-msg's OleWriter) and winmail.dat with planted values.
import json, struct, zlib, io, zipfile
from extract_msg import OleWriter
import compressed_rtf
plants=json.load(open('plants.json')); n=[300]; kind='msg'
def ssn(place):
    n[0]+=1; v=f"536-{n[0]%89+10}-{8000+n[0]}"; plants.setdefault(kind,{})[place]=v; return v
def w(s): return s.encode('utf-16-le')
def a(s): return s.encode('cp1252')
def props(entries, head): return head+b''.join(struct.pack('<IIQ',t,6,v) for t,v in entries)
def message(ow, base, wide, depth=0):
    S='001F' if wide else '001E'; e=w if wide else a
    def put(pid, text): ow.addEntry(base+[f'__substg1.0_{pid:04X}{S}'], e(text))
    tag='wide' if wide else 'narrow'
    put(0x1A,'IPM.Note'); put(0x37,'Subject SSN '+ssn(f'{tag} subject')); put(0x0C1A,'Jane Doe'); put(0x0E04,'To SSN '+ssn(f'{tag} to'))
    put(0x1000,'Hello,\r\nbody SSN '+ssn(f'{tag} body'))
    ow.addEntry(base+['__substg1.0_10130102'], a('<html><body><p>HTML <b>SSN</b> '+ssn(f'{tag} html')+'</p></body></html>'))
    rtf=r'{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}{\*\htmltag64 <p>}SSN '+ssn(f'{tag} rtf')+r'\htmlrtf\par\htmlrtf0 {\*\htmltag72 </p>}{\*\htmltag84 <!-- SSN '+ssn(f'{tag} rtf html comment')+r' -->}}'
    ow.addEntry(base+['__substg1.0_10090102'], compressed_rtf.compress(a(rtf), compressed=wide))
    put(0x7D,'Received: from x by y; Mon, 1 Jan 2024 00:00:00 +0000\r\nFrom: jane@example.org\r\nX-Note: SSN '+ssn(f'{tag} header')+'\r\nContent-Type: multipart/mixed;\r\n boundary="xx"\r\nMIME-Version: 1.0\r\nSubject: =?utf-8?q?SSN_'+ssn(f'{tag} encoded header').replace('-','=2D')+'?=\r\n')
    put(0x8001,'Named SSN '+ssn(f'{tag} named property'))
    ow.addEntry(base+[f'__substg1.0_8002101F-00000000'], w('Multi SSN '+ssn(f'{tag} multi value'))+b'\0\0')
    ow.addEntry(base+['__properties_version1.0'], props([(0x3FFD0003,1252),(0x3FDE0003,1252)], b'\0'*(32 if depth==0 else 24)))
    r=base+['__recip_version1.0_#00000000']; ow.addEntry(r,storage=True)
    ow.addEntry(r+[f'__substg1.0_3001{S}'], e('John Smith SSN '+ssn(f'{tag} recipient'))); ow.addEntry(r+['__properties_version1.0'],b'\0'*8)
    z=io.BytesIO(); zf=zipfile.ZipFile(z,'w',zipfile.ZIP_DEFLATED); zf.writestr('a.txt','zip SSN 536-22-8145'); zf.close()
    for i,(name,data) in enumerate([('list.csv',('Name,SSN\r\nJohn Smith,'+ssn(f'{tag} csv attachment').replace('-','')+'\r\n').encode()),('SSN '+ssn(f'{tag} attachment name')+'.txt',b'nothing')]):
        at=base+[f'__attach_version1.0_#{i:08X}']; ow.addEntry(at,storage=True)
        ow.addEntry(at+['__substg1.0_37010102'],data); ow.addEntry(at+[f'__substg1.0_3707{S}'],e(name)); ow.addEntry(at+[f'__substg1.0_3704{S}'],e('LIST~1.CSV')); ow.addEntry(at+['__properties_version1.0'],props([(0x37050003,1)],b'\0'*8))
    if depth==0:
        at=base+['__attach_version1.0_#00000007']; ow.addEntry(at,storage=True); ow.addEntry(at+['__properties_version1.0'],props([(0x37050003,5)],b'\0'*8))
        ow.addEntry(at+[f'__substg1.0_3001{S}'],e('inner')); inner=at+['__substg1.0_3701000D']; ow.addEntry(inner,storage=True)
        message(ow,inner,not wide,1)
for wide in (True,False):
    kind='msg-wide' if wide else 'msg-narrow'
    ow=OleWriter(); 
    nm=['__nameid_version1.0']; ow.addEntry(nm,storage=True)
    for s in ('00020102','00030102'): ow.addEntry(nm+['__substg1.0_'+s],b'')
    t='SSN '+ssn('property name'); ow.addEntry(nm+['__substg1.0_00040102'],struct.pack('<I',len(w(t)))+w(t))
    message(ow,[],wide); ow.write('out/'+kind+'.msg')
# fix plants lost to the code
# --- TNEF
def attr(level,aid,data,bad=False): return struct.pack('<BII',level,aid,len(data))+data+struct.pack('<H',(sum(data)+bad)%65536)
def mp(pairs):
    out=struct.pack('<I',len(pairs))
    for t,pid,val,*named in pairs:
        out+=struct.pack('<HH',t,pid)
        if pid>=0x8000:
            out+=b'\x11'*16
            if named: nb=w(named[0])+b'\0\0'; out+=struct.pack('<II',1,len(nb))+nb+b'\0'*(-len(nb)%4)
            else: out+=struct.pack('<II',0,0x8501)
        if t in(3,): out+=struct.pack('<I',val)
        elif t==0x40: out+=struct.pack('<Q',val)
        elif t&0x1000:
            out+=struct.pack('<I',len(val))
            for v in val: out+=struct.pack('<I',len(v))+v+b'\0'*(-len(v)%4)
        else: out+=struct.pack('<II',1,len(val))+val+b'\0'*(-len(val)%4)
    return out
def tnef(tag,depth=0,bad=False):
    b=struct.pack('<IH',0x223e9f78,1)
    b+=attr(1,0x00089006,struct.pack('<I',0x10000))+attr(1,0x00069007,struct.pack('<II',1252,0))+attr(1,0x00078008,b'IPM.Microsoft Mail.Note\0')
    b+=attr(1,0x00018004,a('Subject SSN '+ssn(tag+'attSubject'))+b'\0')+attr(1,0x0002800c,a('attBody SSN '+ssn(tag+'attBody'))+b'\0',bad)
    rtf=r'{\rtf1\ansi{\fonttbl{\f0 Arial;}} RTF SSN '+ssn(tag+'rtf')+r'\par}'
    b+=attr(1,0x00069003,mp([(0x1f,0x37,w('Unicode subject SSN '+ssn(tag+'unicode subject'))+b'\0\0'),(0x40,0x39,132000000000000000),(3,0x3fde,1252),(0x1e,0x1000,a('PR_BODY SSN '+ssn(tag+'PR_BODY'))+b'\0'),(0x102,0x1013,a('<html><body>SSN '+ssn(tag+'html')+'</body></html>')),(0x102,0x1009,compressed_rtf.compress(a(rtf),compressed=True)),(0x1f,0x8001,w('Named SSN '+ssn(tag+'named property'))+b'\0\0','MyProp'),(0x101f,0x8002,[w('Multi SSN '+ssn(tag+'multi value'))+b'\0\0',w('x')+b'\0\0']),(0x1e,0x3fff,a('Other SSN '+ssn(tag+'other string')))]))
    b+=attr(1,0x00069004,struct.pack('<I',1)+mp([(0x1f,0x3001,w('John Smith SSN '+ssn(tag+'recipient'))+b'\0\0')]))
    b+=attr(2,0x00069002,b'\x01\0'+b'\0'*12)+attr(2,0x00018010,b'list.csv\0')+attr(2,0x0006800f,('Name,SSN\r\nJohn Smith,'+ssn(tag+'csv').replace('-','')+'\r\n').encode())+attr(2,0x00069005,mp([(0x1f,0x3707,w('a SSN '+ssn(tag+'long name')+'.csv')+b'\0\0')]))
    if depth==0:
        b+=attr(2,0x00069002,b'\x01\0'+b'\0'*12)+attr(2,0x00018010,b'inner\0')+attr(2,0x00069005,mp([(0x0d,0x3701,bytes.fromhex('0703020000000000C000000000000046')+tnef('inner ',1))]))
    return b
kind='tnef'; open('out/winmail.dat','wb').write(tnef(''))
kind='tnef-bad'; open('out/winmail-bad.dat','wb').write(tnef('',bad=True))
json.dump(plants,open('plants.json','w'),indent=1)
