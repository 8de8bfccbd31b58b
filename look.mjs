import { chromium } from 'playwright-core';
const b = await chromium.launch({executablePath:'/usr/bin/chromium',args:['--no-sandbox','--disable-gpu','--use-fake-ui-for-media-stream','--use-fake-device-for-media-stream','--autoplay-policy=no-user-gesture-required']});
const url = process.argv[2] ?? 'http://127.0.0.1:28761/';
for (const [name, opts] of Object.entries({
  desktop:{viewport:{width:1440,height:900},colorScheme:'light'},
  desktopdark:{viewport:{width:1440,height:900},colorScheme:'dark'},
  phone:{viewport:{width:390,height:844},colorScheme:'light',isMobile:true,hasTouch:true},
})) {
  const c = await b.newContext(opts); const p = await c.newPage();
  p.on('console', m=>console.log(name, m.type(), m.text())); p.on('pageerror', e=>console.log('ERR', e.message));
  await p.goto(url); await p.waitForTimeout(2500);
  await p.screenshot({path:`/tmp/shots/start-${name}.png`});
  await c.close();
}
await b.close();
