/**
 * What scripted visitors say. `|` is a pause in the middle of a turn, within which nobody may be cut off. The product does not know these
 * texts. Numbers are written out, so that recognised words can be compared.
 */

/** Said in one go. */
export const WHOLE: readonly string[] = [
  'Can I run this on my own computer without sending anything to the cloud?',
  'How much do I have to pay for it every month?',
  'Which web browsers will my customers need?',
  'Does it need a graphics card to work well?',
  'Who is allowed to change the source code?',
  'How do I teach you about my own products?',
  'Is anybody recording what I am saying right now?',
  'Can I choose a different voice for you?',
  'What do I need to install before I begin?',
  'Are you a real person or a computer?',
  'Does it also work on my phone?',
  'Can I connect you to another language model?',
  'What is the best way to put you on our website?',
  'What can you not do yet?',
  'How many people can talk with you at the same time?',
  'Where does your knowledge come from?',
  'Can I make an avatar from a photograph of myself?',
  'What happens if the internet connection is lost?',
  'Tell me about the licence of the speech models.',
  'I would like to know how the lips are moved.',
];

/** Pauses in mid-sentence: at commas, and within phrases, where the melody does not fall. */
export const PAUSED: readonly string[] = [
  'Can you tell me | what it would cost | if I ran it on my own server?',
  'I have a small shop, | and I would like to know | whether you could greet | my customers.',
  'We tried something similar | last year, | but it was far too slow. | Is this one any faster?',
  'My colleague told me | that you can be interrupted. | How does that work?',
  'If I wanted to use my own photograph, | what would I | have to do first?',
  'I am looking for something | that works without the internet, | because our hall | has no connection.',
  'The first thing I need | is a voice that sounds natural. | The second thing | is a face. Do you have both?',
  'When somebody asks you | about the price of | a certain product, | where do you look it up?',
  'Suppose that two people | are standing in front of the screen | and both of them talk. | Who do you listen to?',
  'I want to put you | on the website of | our little museum. | What do I need?',
  'Before I forget it, | could you explain | what happens to | the things that I say?',
  'You mentioned a language model. | Which of them | can I connect | to this?',
  'We have visitors from | all over the world, | so I was hoping | that you speak more than English.',
  'It is for my mother, | who does not see very well | any more. | Can she simply talk to you?',
  'The computer that I have | is quite old, | with two cores and | no graphics card. Is that enough?',
  'Our lawyers want to know | who made the pictures | and under which licence | they were published.',
  'At home I use | a telephone most of the time. | Will the page | work there as well?',
  'I read the page about installation | twice, | and I still do not know | which system I need.',
  'Let us say | that the server fails | in the middle of a sentence. | What would my visitor see?',
  'For the reception desk | we would need somebody | who is patient, | friendly, | and never in a hurry.',
  'There are three questions: | the price, | the privacy, | and the time it takes to set it up.',
  'I would like | the woman with the | brown hair, | please. How do I choose her?',
  'Is it true | that the camera | is never switched on | while we are talking?',
  'So what you are saying is | that the sound | never leaves | this machine?',
  'Yesterday evening | I tried to start it | on a laptop, | and it told me | that the port was in use.',
  'What I do not understand | is how you know | when I have finished | and when I am only thinking.',
  'My older brother, | who works at the university, | asked me to find out | whether it is free.',
  'Some of our customers | speak very slowly | and with many pauses. | Do you wait for them?',
  'I will need it | on Monday, | on Wednesday, | and on the weekend. | Does that cost more?',
  'Please write down | that I am interested in | the voices | and in the avatars.',
];

/** Thinking aloud. */
export const HESITATIONS: readonly string[] = [
  'Um, | can you tell me, um, | how long it takes | to set it up?',
  'I was wondering, uh, | whether you can, um, | join one of our meetings.',
  'So, um, | what do I do | if I, uh, | do not have a key?',
  'Well, | let me think. | Um, | what about the recordings?',
  'Do you, uh, | remember anything | from the last time, um, | that we talked?',
  'It is about the, um, | the knowledge folder. | Which files can I | put in there?',
  'I am not sure how to say it, | but, um, | are you, uh, a person?',
  'The thing is, uh, | we have no, um, | no graphics card in that machine.',
  'How does, um, | how does the face | know what to do?',
  'Uh, | is there any, um, | any support that we could buy?',
];

/** Taking back what was just said. */
export const CORRECTIONS: readonly string[] = [
  'I need it for Tuesday, | no, sorry, | for Thursday. Is that possible?',
  'Can I change the picture, | I mean, | the voice that you use?',
  'Does it run on Windows, | or rather, | does it run on a Mac?',
  'How many cores, | no, wait, | how much memory does it need?',
  'Tell me about the price. | Actually, | tell me about the licence first.',
  'We are a school, | well, | more of a kindergarten. | Is it free for us?',
  'Can you send me an e-mail? | No, | just tell me | where I can read about it.',
  'I think that it was the browser, | no, the microphone, | that did not work. | What should I check?',
];

/** Said over the avatar's voice to show attention; it must go on. */
export const BACKCHANNELS: readonly string[] = [
  'Mm-hm.',
  'Right.',
  'Yeah.',
  'Okay.',
  'I see.',
  'Uh-huh.',
  'Sure.',
  'Great.',
  'Oh, really.',
  'Of course.',
];

/** Said over the avatar's voice to take the turn; it must stop. */
export const INTERRUPTIONS: readonly string[] = [
  'Wait.',
  'No, that is not what I meant.',
  'Stop.',
  'Wait, I have another question.',
  'Stop, please.',
  'What does that cost?',
  'Sorry, can I ask you something else?',
  'Hold on, what about the price?',
  'No, please tell me about privacy instead.',
  'Does that also work without the internet?',
  'But how do I install it?',
  'Can you say that again?',
];

/** Languages besides English; the first sentence finds out whether the service understands the language at all. */
export const FOREIGN: readonly { language: string; name: string; espeak: string; texts: readonly string[] }[] = [
  {
    language: 'es',
    name: 'Spanish',
    espeak: 'es',
    texts: [
      '¿Cuánto tengo que pagar por este servicio cada mes?',
      'Quisiera saber, | si esto funciona | sin conexión a internet.',
      '¿Puedo usar mi propia fotografía | para hacer un avatar?',
      'Tengo una tienda pequeña | y necesito ayuda | con los clientes.',
      '¿Quién puede cambiar | el código del programa?',
    ],
  },
  {
    language: 'de',
    name: 'German',
    espeak: 'de',
    texts: [
      'Wie viel muss ich jeden Monat dafür bezahlen?',
      'Ich wollte fragen, | ob das auch | ohne Internet funktioniert.',
      'Kann ich ein Foto von mir | für einen Avatar verwenden?',
      'Wir haben einen kleinen Laden | und brauchen Hilfe | bei der Begrüßung.',
      'Wer darf eigentlich | das Programm verändern?',
    ],
  },
];

/** What the avatar tells while it is spoken over: about two minutes, of which as much is heard as is needed. */
export const STORY: readonly string[] = [
  'The house stands at the end of a long road, and nobody has lived in it for many years.',
  'In front of it there is a garden with old apple trees, and behind it a narrow path leads down to the river.',
  'Every spring the water comes up to the second step, and every summer it goes back behind the willows.',
  'The people of the village say that a clockmaker built it, a quiet man who came from the mountains.',
  'He put a clock into every room, and each of them was set to the time of another town.',
  'On Sundays the children were allowed to come in, and they ran from the morning in Lisbon to the evening in Moscow.',
  'When he grew older he gave the clocks away, one after the other, until only the largest was left.',
  'It hangs above the stairs to this day, and it is said to be slow by one minute in a hundred years.',
  'Last autumn a family from the coast bought the house, and they have begun to paint the shutters.',
  'They found a drawer full of letters, all of them tied together with a blue ribbon.',
  'The letters tell of a journey by ship, of a storm near the islands, and of a harbour full of lights.',
  'Perhaps they will be printed one day, with drawings of the garden and of the clocks.',
];

/** Typed, so that it is the avatar that speaks next. */
export const ASK = 'Please tell me the long story of the house.';
