import { josaRo } from '../../lib/words/josa.ts'
import type { ChatWords } from './words.en.ts'

function names(all: readonly string[]): string {
  const shown = all.slice(0, 4).join(', ')
  return all.length > 4 ? `${shown} 님 외 ${all.length - 4}명` : `${shown} 님`
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
  says: (name, text) => `${name}: ${text}`,
  sending: '보내는 중…',
  notSent: '보내지 못했어요.',
  retry: '다시 보내기',
  discard: '지우기',
  write: '모두에게 메시지',
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
