/** Spoken to the avatar by the benchmarks. The product does not know them: answers come from retrieval alone. */
export const QUESTIONS: readonly string[] = [
  'Can I run this on my own computer without sending anything to the cloud?',
  'How much do I have to pay for it every month?',
  'Which web browsers will my customers need?',
  'Does it need a graphics card to work well?',
  'What happens when I talk over you?',
  'Who is allowed to change the source code?',
  'Could you join one of our video meetings?',
  'How do I teach you about my own products?',
  'Is anybody recording what I am saying right now?',
  'Can I choose a different voice for you?',
  'What do I need to install before I begin?',
  'How quickly do you usually answer a question?',
  'Are you a real person or a computer?',
  'Does it also work on my phone?',
  'Can I connect you to another language model?',
  'How do your lips know what to do?',
  'What is the best way to put you on our website?',
  'Which languages are you able to speak?',
  'What can you not do yet?',
  'How many people can talk with you at the same time?',
  'Where does your knowledge come from?',
  'Can I make an avatar from a photograph of myself?',
  'What happens if the internet connection is lost?',
  'Do you remember what I told you earlier?',
];

/** Spoken into the avatar's voice to interrupt it. */
export const INTERRUPTIONS: readonly string[] = [
  'Wait, I have another question.',
  'Stop, that is not what I meant.',
  'Sorry, can I ask you something else?',
  'Hold on, what about the price?',
  'No, please tell me about privacy instead.',
];

export const BACKCHANNELS: readonly string[] = ['Yeah.', 'Right.', 'Okay.', 'I see.'];
