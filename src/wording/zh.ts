import type { Wording } from './wording.js';

export const zh: Wording = {
  disclosure: '您正在与AI对话：面容和声音均由计算机生成。',
  spokenDisclosure: '您正在与AI对话。',
  badge: 'AI',
  greeting: (name) => `您好，我是${name}，一个AI助手。请问有什么可以帮您？`,
  apology: '抱歉，我刚才中断了一下。请您继续。',
  waiting: { first: ['我来查一下。', '请稍等。', '我看一下。'], again: ['还需要一点时间。', '请再稍等一下。'] },
  minuteLeft: '我们还剩大约一分钟。',
  goodbye: '我们的时间到了。感谢您的交谈，再见。',
  maintenance: '由于服务即将重启，我们的对话很快就要结束了。',
  declined: '这个话题我不便谈论。',
  busy: '目前所有席位均已占用。请稍后再试。',
  admission:
    /我是(?:[^。！？，]{1,12}，)?(?:一个|一位|一名|您的|你的)?(?:AI|ＡＩ|人工智能)(?:(?:助手|助理|客服|程序|数字人|虚拟人)[^。！？，]{0,6})?(?=[。！？，]|$)|正在(?:与|和|跟)(?:一个|一位)?(?:AI|ＡＩ|人工智能)(?:助手|助理)?(?:对话|交谈|聊天|通话)/u,
};
