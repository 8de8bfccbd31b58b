import { MOTION } from '../../src/inference/avatar/motion-frame.js';
import { loadAvatarPackage } from '../../src/inference/avatar/package.js';
import { openStream } from '../../src/inference/avatar/renderer/open-stream.js';
import { ProbeAvatar } from '../../src/inference/avatar/renderer/probe.js';
import { stockFolder } from '../inference/avatar/stock.js';
import { describeRenderer } from './renderer.js';

describeRenderer('of portraits', {
  open: async () => openStream(await loadAvatarPackage(stockFolder('mara')), { width: 128, height: 128 }),
  moved: (motion) => {
    motion[MOTION.jawOpen] = 0.6;
  },
});

describeRenderer('of the probe', {
  open: () => new ProbeAvatar({ width: 64, height: 64 }),
  moved: (motion) => {
    motion[0] = 140;
  },
});
