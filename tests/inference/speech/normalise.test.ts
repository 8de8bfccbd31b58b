import { describe, expect, it } from 'vitest';
import { EnglishG2p } from '../../../src/inference/speech/g2p.js';
import { normalise, spokenText } from '../../../src/inference/speech/normalise.js';
import { stripMarkup } from '../../../src/inference/speech/text/markup.js';

const g2p = await EnglishG2p.create();
const read = (text: string) => normalise(text, { isWord: (word) => g2p.isWord(word) });
const say = (text: string) => spokenText(read(text));

type Cases = readonly (readonly [written: string, spoken: string])[];

const GROUPS: Record<string, Cases> = {
  cardinals: [
    ['0', 'zero'],
    ['7 apples', 'seven apples'],
    ['I have 21 cats', 'i have twenty one cats'],
    ['105', 'one hundred five'],
    ['999', 'nine hundred ninety nine'],
    ['1,000', 'one thousand'],
    ['12,345 people', 'twelve thousand three hundred forty five people'],
    ['1,234,567', 'one million two hundred thirty four thousand five hundred sixty seven'],
    ['1000000', 'one million'],
    ['250000 rows', 'two hundred fifty thousand rows'],
    ['-5', 'minus five'],
    ['−3 now', 'minus three now'],
    ['+4', 'plus four'],
  ],
  decimals: [
    ['3.14', 'three point one four'],
    ['0.5', 'zero point five'],
    ['.5', 'point five'],
    ['1,234.50', 'one thousand two hundred thirty four point five zero'],
    ['-0.25', 'minus zero point two five'],
  ],
  ordinals: [
    ['the 1st of all', 'the first of all'],
    ['2nd', 'second'],
    ['the 3rd', 'the third'],
    ['12th', 'twelfth'],
    ['20th', 'twentieth'],
    ['21st century', 'twenty first century'],
    ['the 100th visitor', 'the one hundredth visitor'],
    ['the 1,000th', 'the one thousandth'],
  ],
  years: [
    ['in 1998', 'in nineteen ninety eight'],
    ['since 2026', 'since twenty twenty six'],
    ['in 2005', 'in two thousand five'],
    ['in 2000', 'in two thousand'],
    ['in 1905', 'in nineteen oh five'],
    ['in 1900', 'in nineteen hundred'],
    ['in 1776', 'in seventeen seventy six'],
    ['2000 people came', 'two thousand people came'],
    ['we sold 1998 units', 'we sold one thousand nine hundred ninety eight units'],
    ['the 1990s', 'the nineteen nineties'],
    ['the 80s', 'the eighties'],
    ["the '90s", 'the nineties'],
    ['1998–2003', 'nineteen ninety eight to two thousand three'],
    ['2024-25', 'twenty twenty four to twenty five'],
    ['1500 seats', 'fifteen hundred seats'],
  ],
  ranges: [
    ['10–20 people', 'ten to twenty people'],
    ['10-20', 'ten to twenty'],
    ['5–10%', 'five to ten percent'],
    ['10-20 km', 'ten to twenty kilometers'],
    ['$10–20', 'ten to twenty dollars'],
    ['3 – 5 days', 'three to five days'],
    ['Mon–Fri', 'monday to friday'],
    ['Jan-Mar', 'january to march'],
  ],
  fractions: [
    ['1/2', 'one half'],
    ['3/4 of it', 'three quarters of it'],
    ['2/3', 'two thirds'],
    ['5/8', 'five eighths'],
    ['1 1/2 cups', 'one and a half cups'],
    ['2½ hours', 'two and a half hours'],
    ['¼ mile', 'one quarter mile'],
    ['8/10', 'eight out of ten'],
  ],
  'telephone numbers and ids': [
    ['Call 555-123-4567.', 'call five five five, one two three, four five six seven.'],
    ['Call (555) 123-4567', 'call five five five, one two three, four five six seven'],
    ['+1 555 123 4567', 'plus one, five five five, one two three, four five six seven'],
    ['+44 20 7946 0958', 'plus four four, two zero, seven nine four six, zero nine five eight'],
    ['1-800-555-0199', 'one, eight hundred, five five five, zero one nine nine'],
    ['555-0134', 'five five five, zero one three four'],
    ['Order number 48213577', 'order number four eight two, one three five, seven seven'],
    ['code 007', 'code zero zero seven'],
    ['PIN 4821', 'pin four eight two one'],
    ['Your code is 93214', 'your code is nine three two, one four'],
    ['room 412', 'room four twelve'],
    ['flight 207', 'flight two oh seven'],
    ['#5', 'number five'],
    ['12345678901', 'one two three, four five six, seven eight nine, zero one'],
  ],
  dates: [
    ['2026-11-20', 'november twentieth, twenty twenty six'],
    ['11/20/2026', 'november twentieth, twenty twenty six'],
    ['20.11.2026', 'november twentieth, twenty twenty six'],
    ['31/12/1999', 'december thirty first, nineteen ninety nine'],
    ['Nov 20', 'november twentieth'],
    ['Nov. 20, 2026', 'november twentieth, twenty twenty six'],
    ['November 20th', 'november twentieth'],
    ['on 3 May 1990', 'on the third of may nineteen ninety'],
    ['the 5th of May', 'the fifth of may'],
    ['the 20 November', 'the twentieth of november'],
    ['November 2026', 'november twenty twenty six'],
    ['due by 3/15', 'due by march fifteenth'],
    ['Sept. 1', 'september first'],
    ['May I help?', 'may i help?'],
    ['Fri 3 pm', 'friday three P M'],
    ['June 3–5', 'june third to fifth'],
  ],
  times: [
    ['3:30 pm', 'three thirty P M'],
    ['3:30pm', 'three thirty P M'],
    ['at 5 p.m. today', 'at five P M today'],
    ['9am', 'nine A M'],
    ['15:00', 'fifteen hundred'],
    ['9:00', "nine o'clock"],
    ['9:05', 'nine oh five'],
    ['12:45', 'twelve forty five'],
    ['9am–5pm', 'nine A M to five P M'],
    ['9:00–17:00', "nine o'clock to seventeen hundred"],
    ['10:15:30', 'ten fifteen and thirty seconds'],
    ['16:9', 'sixteen to nine'],
    ['I am 5', 'i am five'],
  ],
  money: [
    ['$3.50', 'three dollars and fifty cents'],
    ['$1', 'one dollar'],
    ['$1.00', 'one dollar'],
    ['$0.99', 'ninety nine cents'],
    ['$0.01', 'one cent'],
    ['€1,200', 'one thousand two hundred euros'],
    ['£5m', 'five million pounds'],
    ['£2.01', 'two pounds and one penny'],
    ['$2.5 million', 'two point five million dollars'],
    ['$3k', 'three thousand dollars'],
    ['$1.5B', 'one point five billion dollars'],
    ['-$5', 'minus five dollars'],
    ['50€', 'fifty euros'],
    ['50 EUR', 'fifty euros'],
    ['USD 50', 'fifty U S dollars'],
    ['50¢', 'fifty cents'],
    ['$29.99/mo', 'twenty nine dollars and ninety nine cents per month'],
    ['$5/user', 'five dollars per user'],
    ['¥500', 'five hundred yen'],
    ['$100+', 'one hundred dollars plus'],
  ],
  'percentages and units': [
    ['50%', 'fifty percent'],
    ['3.5 %', 'three point five percent'],
    ['5 km', 'five kilometers'],
    ['1 km', 'one kilometer'],
    ['5km', 'five kilometers'],
    ['20 °C', 'twenty degrees celsius'],
    ['-5 °C', 'minus five degrees celsius'],
    ['70°F', 'seventy degrees fahrenheit'],
    ['90°', 'ninety degrees'],
    ['512 MB', 'five hundred twelve megabytes'],
    ['100 Mbps', 'one hundred megabits per second'],
    ['25 fps', 'twenty five frames per second'],
    ['60 km/h', 'sixty kilometers per hour'],
    ['1.5 kg', 'one point five kilograms'],
    ['6 ft', 'six feet'],
    ['5\'11"', 'five foot eleven'],
    ['250 ms', 'two hundred fifty milliseconds'],
    ['20 m²', 'twenty square meters'],
    ['1920x1080', 'nineteen twenty by ten eighty'],
    ['1080p', 'ten eighty P'],
    ['4K', 'four K'],
    ['5G', 'five G'],
    ['10k users', 'ten thousand users'],
    ['10x faster', 'ten times faster'],
    ['~5 minutes', 'about five minutes'],
    ['< 5 ms', 'less than five milliseconds'],
    ['a 24-hour day', 'a twenty four hour day'],
  ],
  abbreviations: [
    ['Dr. Smith', 'doctor smith'],
    ['12 Sunset Dr. is near', 'twelve sunset drive is near'],
    ['Mr. and Mrs. Jones', 'mister and missus jones'],
    ['Ms. Lee', 'miz lee'],
    ['Main St. is closed', 'main street is closed'],
    ['St. Louis', 'saint louis'],
    ['e.g. this', 'for example this'],
    ['i.e. that', 'that is that'],
    ['cats, dogs, etc. are fine', 'cats, dogs, et cetera are fine'],
    ['and so on, etc.', 'and so on, et cetera.'],
    ['us vs. them', 'us versus them'],
    ['No. 5', 'number five'],
    ['No. That is wrong.', 'no. that is wrong.'],
    ['Visavis Inc. is here', 'visavis incorporated is here'],
    ['a Ph.D. student', 'a P H D student'],
    ['approx. 5', 'approximately five'],
    ['w/o sugar', 'without sugar'],
    ['24/7', 'twenty four seven'],
  ],
  acronyms: [
    ['API', 'A P I'],
    ['the GPU', 'the G P U'],
    ['NASA', 'nasa'],
    ['a U.S. flag', 'a U S flag'],
    ['the US market', 'the U S market'],
    ['join us', 'join us'],
    ['APIs', "A P I's"],
    ["the CEO's desk", "the C E O's desk"],
    ['JSON', 'jayson'],
    ['FREE shipping', 'free shipping'],
    ['STOP DOING THAT NOW', 'stop doing that now'],
    ['IT works', 'I T works'],
    ['a PDF file', 'a P D F file'],
    ['HTTP', 'H T T P'],
    ['plan A', 'plan A'],
    ['A plan', 'a plan'],
    ['OK', 'okay'],
  ],
  'camel case and codes': [
    ['WebRTC', 'web R T C'],
    ['TypeScript', 'type script'],
    ['GitHub', 'git hub'],
    ['OpenAI', 'open A I'],
    ['getUserMedia', 'get user media'],
    ['McDonald', 'mcdonald'],
    ['H.264', 'H two sixty four'],
    ['RTX 4090', 'R T X forty ninety'],
    ['A100', 'A one hundred'],
    ['GPT-4', 'G P T four'],
    ['COVID-19', 'covid nineteen'],
    ['MP3', 'M P three'],
    ['C++', 'C plus plus'],
    ['Node.js', 'node J S'],
    ['snake_case', 'snake case'],
    ['iPhone 15', 'I phone fifteen'],
    ['World War II', 'world war two'],
    ['T-shirt', 'T shirt'],
    ['state-of-the-art', 'state of the art'],
  ],
  addresses: [
    ['visavis.dev', 'visavis dot dev'],
    ['https://visavis.dev/docs', 'visavis dot dev slash docs'],
    ['www.example.com.', 'example dot com.'],
    ['https://a.example.com:8080/x?y=1#z', 'A dot example dot com port eight zero eight zero slash X'],
    ['info@visavis.dev', 'info at visavis dot dev'],
    ['anna.smith+news@mail.example.org', 'anna dot smith plus news at mail dot example dot org'],
    ['http://localhost:3000', 'localhost port three zero zero zero'],
    ['192.168.0.1', 'one ninety two dot one sixty eight dot zero dot one'],
    ['github.io', 'git hub dot I O'],
    ['@anna', 'at anna'],
    ['#sale', 'hashtag sale'],
  ],
  versions: [
    ['v1.2.3', 'version one point two point three'],
    ['1.2.3', 'one point two point three'],
    ['v2', 'version two'],
    ['2.0.0-beta', 'two point zero point zero beta'],
  ],
  symbols: [
    ['salt & pepper', 'salt and pepper'],
    ['R&D', 'R and D'],
    ['2 + 2 = 4', 'two plus two equals four'],
    ['2+2=4', 'two plus two equals four'],
    ['5*3', 'five times three'],
    ['and/or', 'and or'],
    ['he/she', 'he or she'],
    ['TCP/IP', 'T C P I P'],
    ['© 2026', 'copyright twenty twenty six'],
    ['Visavis™', 'visavis'],
  ],
  punctuation: [
    ['Wait... what?!', 'wait… what?'],
    ['No!!!', 'no!'],
    ['well—maybe', 'well, maybe'],
    ['well -- maybe', 'well— maybe'],
    ['(quietly) then', 'quietly, then'],
    ['“Hello,” he said.', 'hello, he said.'],
    ['yes;no', 'yes, no'],
    ["don't stop, it’s fine", "don't stop, it's fine"],
  ],
  markup: [
    ['**bold** and *soft* text', 'bold and soft text'],
    ['# Title\nText', 'title. text'],
    ['- one\n- two', 'one. two.'],
    ['1. First\n2. Second', 'one. first. two. second.'],
    ['see [the docs](https://x.dev/y)', 'see the docs'],
    ['![a cat](cat.png) here', 'a cat here'],
    ['use `npm start` now', 'use N P M start now'],
    ['Look:\n```js\nconst x = 1;\n```\nDone.', 'look: done.'],
    ['<b>big</b> &amp; bold', 'big and bold'],
    ['~~old~~ new', 'old new'],
    ['> quoted', 'quoted'],
    ['| a1 | b2 |\n|---|---|\n| x | y |', 'A one, B two. x, y.'],
    ['It is so.[1] Yes', 'it is so. yes'],
  ],
  'emoji and other scripts': [
    ['Great 🎉 job 👩🏽‍💻!', 'great job!'],
    ['Thanks :)', 'thanks'],
    ['I <3 it', 'i it'],
    ['café naïve Łódź', 'cafe naive lodz'],
    ['Hello 世界 friend', 'hello friend'],
    ['Привет, world', 'world'],
    ['ﬁne', 'fine'],
  ],
};

for (const [group, cases] of Object.entries(GROUPS)) {
  describe(`reads ${group}`, () => {
    it.each(cases)('%j as %j', (written, spoken) => {
      expect(say(written)).toBe(spoken);
    });
  });
}

describe('alignment of written and spoken words', () => {
  const texts = Object.values(GROUPS).flatMap((cases) => cases.map(([written]) => written));

  it('shows every written word once and in order', () => {
    for (const text of [...texts, texts.join(' '), texts.join('\n')]) {
      const words = read(text);
      if (words.length === 0) continue;
      expect(words.map((word) => word.written).join(' ')).toBe(stripMarkup(text).replace(/[\ue000\ue001]/g, ''));
    }
  });

  it('gives every written word something to say', () => {
    for (const word of read(texts.join(' '))) {
      expect(word.spoken.length).toBeGreaterThan(0);
      for (const spoken of word.spoken) expect(spoken).toMatch(/^(?:[a-z']+|[A-Z](?:'s)?|,|\.)$/);
    }
  });

  it('splits what several written words say together', () => {
    expect(
      read('Nov 20, 2026 costs $2.5 million at 5 km').map((word) => [word.written, word.spoken.join(' ')]),
    ).toEqual([
      ['Nov', 'november'],
      ['20,', 'twentieth'],
      ['2026', 'twenty twenty six'],
      ['costs', 'costs'],
      ['$2.5', 'two point five'],
      ['million', 'million dollars'],
      ['at', 'at'],
      ['5', 'five'],
      ['km', 'kilometers'],
    ]);
  });

  it('joins what cannot be read to its neighbour', () => {
    expect(read('Hello 世界 friend').map((word) => word.written)).toEqual(['Hello 世界', 'friend']);
    expect(read('— so it is').map((word) => word.written)).toEqual(['— so', 'it', 'is']);
  });
});
