import type { Retention } from '@maru/protocol'
import { josaRo } from '../../lib/words/josa.ts'
import type { ChatWords } from './words.en.ts'

function names(all: readonly string[]): string {
  const shown = all.slice(0, 4).join(', ')
  return all.length > 4 ? `${shown} 님 외 ${all.length - 4}명` : `${shown} 님`
}

function kept(retention: Retention): string {
  switch (retention.keep) {
    case 'all':
      return '모든 메시지를 보관해요.'
    case 'joined':
      return '각자 처음 들어온 뒤의 메시지만 볼 수 있어요.'
    case 'days':
      return `메시지를 ${retention.days}일 동안 보관해요.`
    case 'none':
      return '메시지를 보관하지 않아요.'
  }
}

export const chat: ChatWords = {
  title: '채팅',
  close: '채팅 닫기',
  log: '메시지',
  today: '오늘',
  yesterday: '어제',
  newMessages: '새 메시지',
  joined: (who) => `${names(who)}이 들어왔습니다`,
  left: (who) => `${names(who)}이 나갔습니다`,
  renamed: (before, name) => `${before} 님이 이름을 ${josaRo(name)} 바꿨습니다`,
  topicSet: (name, topic) => (topic ? `${name} 님이 주제를 정했습니다: ${topic}` : `${name} 님이 주제를 지웠습니다`),
  retentionSet: (name, retention) => `${name} 님이 보관 방법을 바꿨습니다. ${kept(retention)}`,
  ownerMade: (name, target) => `${name} 님이 ${target} 님에게도 방을 맡겼습니다`,
  pinned: (name) => `${name} 님이 메시지를 고정했습니다`,
  unpinned: (name) => `${name} 님이 고정을 풀었습니다`,
  kept,
  edited: '수정됨',
  deleted: '삭제된 메시지예요.',
  goneQuote: '메시지가 없어졌어요.',
  formerMember: '나간 사람',
  toMe: (name) => `${name} 님이 나에게만`,
  toOne: (name) => `${name} 님에게만`,
  quoteOf: (name) => `${name} 님에게 답장. 그 메시지로 가기`,
  answers: (count) => `답장 ${count}개`,
  reaction: (emoji, who) => `${emoji} ${names(who)}`,
  reactionsOf: '반응',
  pins: (count) => `고정한 메시지 ${count}개`,
  goToDay: '날짜로 가기',
  search: '이 방에서 찾기',
  attach: '파일 넣기',
  dropHere: '놓으면 메시지에 붙어요',
  seenBy: (who) => `${names(who)}이 읽었어요`,
  typing: (who) => `${names(who)}이 쓰는 중…`,
  replying: (name) => `${name} 님에게 답장`,
  editing: '내 메시지 고치기',
  writingTo: (name) => `${name} 님만 읽을 수 있어요`,
  cancel: '취소',
  saveEdit: '고친 글 저장',
  says: (name, text) => `${name}: ${text}`,
  sending: '보내는 중…',
  notDone: '하지 못했어요.',
  retry: '다시 보내기',
  write: '모두에게 메시지',
  writeAnswer: '이 이야기에 답장',
  send: '보내기',
  tooLong: (over) => `${over}자 넘었어요`,
  remaining: (count) => `${count}자 남았어요`,
  latest: '최근 메시지로',
  newBelow: (count) => `새 메시지 ${count}개`,
  loadingOlder: '이전 메시지를 불러오는 중…',

  olderFailed: '이전 메시지를 불러오지 못했어요.',
  beginning: '대화가 여기서 시작돼요.',
  empty: '아직 아무도 말하지 않았어요.',
  emptyHint: '먼저 인사해 보세요. 쓴 글은 나중에 오는 사람도 볼 수 있어요.',
  loading: '대화를 여는 중이에요…',
}
