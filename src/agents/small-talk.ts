/**
 * Small talk: what people say to an avatar that has nothing to do with its knowledge. Matching is by patterns over the whole
 * utterance, so that a greeting in front of a question is not mistaken for a mere greeting.
 */

export type SmallTalkIntent =
  | 'greeting'
  | 'how-are-you'
  | 'thanks'
  | 'goodbye'
  | 'who-are-you'
  | 'are-you-human'
  | 'capabilities'
  | 'can-you-hear-me'
  | 'joke'
  | 'insult'
  | 'compliment'
  | 'feelings'
  | 'stop'
  | 'wait'
  | 'opening'
  | 'acknowledgement'
  | 'apology'
  | 'repeat'
  | 'more'
  | 'why'
  | 'yes'
  | 'no'
  | 'confused';

/** Checked in this order against the utterance in lower case, without punctuation. */
const PATTERNS: readonly [SmallTalkIntent, RegExp][] = [
  [
    'repeat',
    /^(?:(?:can|could|would|will) you )?(?:please )?(?:repeat|say)(?: (?:that|it|this|what you said))?(?: again| once more| one more time)?(?: please)?$/u,
  ],
  [
    'repeat',
    /^(?:what(?: did you (?:just )?say| was that)?|pardon(?: me)?|come again|excuse me|i (?:did not|didnt|couldnt|could not) (?:hear|catch|get|understand)(?: (?:that|you|it))?|again please|once more(?: please)?|one more time|sorry what(?: was that)?)$/u,
  ],
  [
    'more',
    /^(?:(?:can|could|would) you )?(?:please )?(?:tell me|say|give me|explain) (?:a (?:little|bit) )?(?:some )?more(?: (?:about|on) (?:that|it|this))?(?: please)?$/u,
  ],
  [
    'more',
    /^(?:go on|continue|keep going|carry on|more(?: please)?|and then|what else|anything else|and what else|i want to (?:know|hear) more|more details?|please (?:continue|go on))$/u,
  ],
  ['why', /^(?:(?:and|but|so) )?(?:why(?: (?:is that|not|so))?|how so|how come|for what reason)$/u],
  [
    'can-you-hear-me',
    /^(?:can|do) you (?:hear|understand) (?:me|what i (?:say|am saying))(?: now)?$|^are you (?:there|still there|listening)$|^is (?:this|the mic(?:rophone)?|it) (?:on|working)$|^(?:test|testing|mic test|hello hello|one two(?: three)?|test test|testing one two(?: three)?)$/u,
  ],
  [
    'are-you-human',
    /^(?:so )?(?:are|is) (?:you|this|it) (?:really |actually |just )?(?:an? )?(?:real|human|humans|alive|person|real person|human being|actual person|robot|bot|chatbot|machine|ai|artificial(?: intelligence)?|computer|program|recording|video|live|avatar)(?: person| human| (?:or|and) .*)?$|^am i (?:talking|speaking) (?:to|with) (?:an? )?.*(?:human|person|robot|bot|machine|ai|computer|someone real).*$|^you(?:re| are) (?:not )?(?:an? )?(?:real|human|robot|bot|machine|ai|computer)(?: person)?(?: (?:arent|are) you| right)?$/u,
  ],
  [
    'who-are-you',
    /^(?:and )?(?:who|what) (?:exactly )?are you$|^(?:what is|whats|tell me) your name$|^(?:do you have|have you got) a name$|^(?:please )?introduce yourself$|^tell me (?:something )?about yourself$|^who am i (?:talking|speaking) (?:to|with)$/u,
  ],
  [
    'capabilities',
    /^(?:so )?what (?:else )?can (?:you|i) (?:do|ask|help|tell)(?: (?:for me|me|you|me with|about|here|with))*$|^(?:how can you|can you|could you) (?:help|assist)(?: me)?$|^what (?:do|can) you (?:know|talk)(?: about)?$|^what (?:are your|topics|kind of (?:questions|things)).*(?:capabilities|know|ask|talk|answer).*$|^(?:i need )?help(?: me)?$|^what (?:can|should) (?:we|i) talk about$/u,
  ],
  [
    'how-are-you',
    /^(?:and )?how(?:s it going| is it going| are you(?: doing| today| feeling)*| do you do| have you been| are things|s everything)(?: today)?$|^(?:whats|what is) up$|^how about you$|^you (?:okay|ok|alright)$/u,
  ],
  [
    'thanks',
    /^(?:(?:ok|okay|great|perfect|cool|alright|oh|wow|good|yes) )*(?:many )?(?:thanks|thank you|thx|cheers|thank you (?:very|so) much|thanks a lot|thanks so much|thank you (?:for|that).*|thanks (?:for|that).*|much appreciated|i appreciate it)(?: (?:you|very much|a lot|so much|thats all|that is all|that was helpful))*$/u,
  ],
  [
    'goodbye',
    /^(?:(?:ok|okay|alright|well|thanks|thank you|great) )*(?:bye|good ?bye|bye bye|see you(?: later| soon| tomorrow)?|so long|farewell|take care|have a (?:nice|good|great) (?:day|evening|one|weekend)|good night|i have to go|i(?:m| am) (?:leaving|done)|talk to you later|that(?:s| is| will be) all(?: for (?:now|today))?)(?: (?:bye|then|now))*$/u,
  ],
  [
    'joke',
    /^(?:(?:can|could|would) you )?(?:please )?(?:tell|say|know)(?: me)? (?:a|any|another|some|one more) (?:good )?(?:jokes?|funny.*)(?: please)?$|^do you know (?:a|any) (?:good )?jokes?$|^(?:another (?:joke|one)|make me laugh|joke|say something funny)(?: please)?$/u,
  ],
  [
    'insult',
    /^(?:oh )?(?:you(?:re| are)?|this is|that is|thats) (?:so |such |really |an? |just |the |pretty |completely |fucking )*(?:stupid|idiot|dumb|useless|terrible|bad|awful|worst|ugly|annoying|boring|suck|sucks|crap|garbage|trash|rubbish|moron|bullshit|shit|horrible|creepy)(?: .{0,20})?$|^(?:fuck(?: you| off)?|screw you|idiot|i hate you|go to hell|shut up you.*|bullshit|what an idiot)$/u,
  ],
  [
    'stop',
    /^(?:please |ok |okay )*(?:stop|shut up|be quiet|quiet|silence|enough|stop talking|stop it|hush|thats enough|that is enough|cancel|never ?mind|forget it)(?: (?:please|now|it|talking))*$/u,
  ],
  [
    'wait',
    /^(?:please |ok |okay )*(?:wait|hold on|hang on|just a (?:moment|second|minute)|one (?:moment|second|minute)|give me a (?:moment|second|minute)|let me think)(?: (?:please|a (?:moment|second|minute)))*$/u,
  ],
  [
    'opening',
    /^(?:i (?:have|had|ve got|have got|got) (?:a|another|one more|a quick|some) (?:questions?|thing)|(?:can|could|may) i ask (?:you )?(?:something|a question|another question|one more (?:thing|question)|you something)(?: else)?)(?: for you)?$/u,
  ],
  [
    'compliment',
    /^(?:wow |oh )?(?:you(?:re| are)|that(?:s| is| was)|this is) (?:so |really |very |quite |pretty |a )*(?:great|good|nice|amazing|cool|awesome|impressive|beautiful|pretty|smart|helpful|funny|cute|clever|brilliant|fantastic|wonderful|interesting)(?: job)?$|^(?:nice|great|good|well) (?:job|done|work|answer)$|^(?:i (?:like|love) (?:you|it|this|that)|amazing|wow|impressive)$/u,
  ],
  [
    'feelings',
    /^(?:do|can) you (?:have|feel|ever feel|get) (?:any )?(?:feelings?|emotions?|pain|tired|bored|lonely|sad|happy|love|anything|consciousness|a soul)$|^are you (?:happy|sad|tired|bored|lonely|conscious|sentient|in love|single|married|hungry)$|^how old are you$|^(?:whats|what is) your favou?rite .*$|^do you (?:love|like) me$|^where do you live$|^when (?:is your birthday|were you born)$/u,
  ],
  ['apology', /^(?:oh |im |i am |so )*(?:sorry(?: about that)?|my (?:bad|mistake|fault)|i apologi[sz]e)$/u],
  [
    'confused',
    /^(?:i (?:dont|do not) (?:understand|get (?:it|that))(?: (?:that|you|it))?|what do you mean(?: by that)?|that makes no sense|huh|(?:thats|that is) not what i (?:asked|meant|said).*|no (?:thats|that is) not what i (?:asked|meant|said).*|(?:thats|that is) (?:wrong|not (?:right|true|correct)))$/u,
  ],
  [
    'greeting',
    /^(?:(?:hi|hello|hey|hallo|howdy|greetings|yo|good (?:morning|afternoon|evening|day)|nice to (?:meet|see) you|pleased to meet you|there|again|everyone|you|to you)(?: |$))+$/u,
  ],
  [
    'yes',
    /^(?:(?:yes|yeah|yep|yup|sure|ok|okay|please|please do|of course|absolutely|definitely|go ahead|why not|id love to|i would|yes i would|gladly|alright|that would be (?:great|nice|good))(?: |$))+$/u,
  ],
  [
    'no',
    /^(?:(?:no|nope|nah|not really|no thanks|no thank you|not now|im good|i am good|im fine|no im good|thats fine|its fine|thats all|not at the moment|nothing(?: else)?)(?: |$))+$/u,
  ],
  [
    'acknowledgement',
    /^(?:(?:oh|ah|aha|hm+|mm+ ?hm+|uh huh|i see|right|got it|understood|interesting|good|great|perfect|fine|cool|nice|all right|that makes sense|makes sense|good to know|really|oh really|is that so|excellent|wonderful|fair enough|no problem|exactly)(?: |$))+$/u,
  ],
];

/** Lower case, no punctuation or apostrophes, single spaces. */
export function plainUtterance(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/['’`]/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

const ADDRESS =
  /^(?:(?:um+|uh+|er+|hmm+|well|so|okay|ok|and|but|hey|hi|hello|yeah|yes|oh|please|sorry|great|right|alright|actually|wait|stop|hold on|hang on|no) )+(?=\S)/u;

/** What kind of small talk the whole utterance is, if any. `name`: the avatar's, which people like to add ("hi Ada"). */
export function smallTalkIntent(text: string, name?: string): SmallTalkIntent | undefined {
  let plain = plainUtterance(text);
  const called = name === undefined ? '' : plainUtterance(name);
  if (called !== '') plain = plain.replace(new RegExp(`(?:^| )${called}(?= |$)`, 'gu'), '').trim();
  if (plain === '') return called === '' ? undefined : 'greeting';
  for (const candidate of new Set([
    plain,
    plain.replace(ADDRESS, ''),
    plain.replace(/ (?:please|then|now|man|dude|buddy|my friend)$/u, ''),
  ])) {
    for (const [intent, pattern] of PATTERNS) if (pattern.test(candidate)) return intent;
  }
  return undefined;
}

const LEAD_IN =
  /^(?:(?:hi|hello|hey)(?: there)?|good (?:morning|afternoon|evening|day)|ok(?:ay)?|so|well|um+|uh+|er+m?|hmm+|oh|ah|yeah|yes|no|and|but|please|thanks|thank you|great|alright|all right|right|cool|excuse me|sorry|listen|wait|hold on|hang on|stop|actually|basically|just|now|by the way|maybe|i(?:'d| would) like to (?:know|ask)(?: you)?|i (?:just )?(?:want|wanted|need) to (?:know|ask)(?: you)?|i(?: am|'m)? (?:was )?(?:just )?wondering(?: if)?|i have a question|(?:can|could|would|will) you (?:please |maybe |just )?(?:tell|explain|say)(?: to)?(?: me)?|tell me|do you (?:happen to )?know(?= (?:what|who|when|where|how|why|if|whether|which))|my question is|the question is|let me ask you)(?=[\s,.!?:;…-]|$)[\s,.!?:;…-]*/iu;

/** The utterance without what people say before a question ("hi there, um, can you tell me"). */
export function withoutLeadIn(text: string): string {
  let rest = text.trim();
  for (;;) {
    const cut = rest.replace(LEAD_IN, '');
    if (cut === rest) return rest;
    rest = cut;
  }
}
