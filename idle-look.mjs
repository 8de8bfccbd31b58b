import { chromium } from 'playwright-core';
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
const s = createServer((q,r)=>{ if(q.url==='/'){r.setHeader('content-type','text/html');r.end('<body style="margin:0;background:#222">');}else{ const f='/tmp'+q.url; r.setHeader('content-type', q.url.endsWith('webm')?'video/webm':'image/webp'); const b=readFileSync(f); const m=/bytes=(\d+)-(\d*)/.exec(q.headers.range??''); if(m){const a=+m[1],e=m[2]?+m[2]:b.length-1; r.statusCode=206;r.setHeader('content-range',`bytes ${a}-${e}/${b.length}`);r.end(b.subarray(a,e+1));} else r.end(b);} }).listen(0);
const port=s.address().port;
const b = await chromium.launch({executablePath:'/usr/bin/chromium',args:['--no-sandbox','--disable-gpu']});
const p = await b.newPage({viewport:{width:1536,height:1024}});
await p.goto(`http://127.0.0.1:${port}/`);
const info = await p.evaluate(async()=>{
  const out=[];
  for(const id of ['mara','sam','ines']){ const i=new Image(); i.src=`/idle-${id}.webp`; await i.decode(); i.style.cssText='width:512px'; document.body.append(i); }
  document.body.append(document.createElement('br'));
  for(const id of ['mara','sam','ines']){ const v=document.createElement('video'); v.muted=true; v.loop=true; v.src=`/idle-${id}.webm`; v.style.cssText='width:512px'; document.body.append(v); await v.play(); out.push([id,v.duration,v.seekable.length?v.seekable.end(0):-1]); let seeks=0; v.addEventListener('seeking',()=>seeks++); v.currentTime=4; }
  await new Promise(r=>setTimeout(r,7000));
  for(const v of document.querySelectorAll('video')) out.push([v.currentTime, v.error?.message??null]);
  return out; });
console.log(info);
await p.screenshot({path:'/tmp/idle-look.png'});
await b.close(); s.close();
