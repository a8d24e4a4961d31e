/** What the server tells the person who started it, in both languages. */
export type Language = 'en' | 'ko'

const en = {
  open: 'Maru is open.',
  here: 'On this machine',
  others: 'For others',
  data: 'Data',
  alone: 'Nobody else can reach this machine: it is in no network, or listens on itself alone.',
  warning: [
    'This machine made its certificate itself, so browsers warn at the first visit:',
    'choose "Advanced", then "Continue".',
  ],
  waiting: 'Waiting for people. Ctrl-C ends it.',
  portTaken: (port: number, kind: 'TCP' | 'UDP') =>
    `Port ${port} (${kind}) is already in use. Is Maru running already? Otherwise take another: npm start -- --port ${port + 1}`,
  portForbidden: (port: number) =>
    `Port ${port} may not be used by this user. Take one above 1023: npm start -- --port 7880`,
  noSuchHost: (host: string) => `${host} is not an address of this machine. Leave --host out to listen on all of them.`,
  noFreePort: 'No number was found that is free for TCP and UDP alike. Name one: npm start -- --port 7880',
  dataUnusable: (folder: string, why: string) =>
    `The data folder ${folder} cannot be used (${why}). Choose another: npm start -- --data FOLDER`,
  storageBroken: (folder: string, why: string) =>
    `Nothing can be stored in ${folder} now (${why}). Everybody is told; what they write waits with them. Maru goes on by itself once it can.`,
  storageWorks: 'What people write is stored again.',
  connectionsFull: (most: number) =>
    `All ${most} connections that this process may have are taken, and more are refused. Allow it more open files ("ulimit -n", with systemd LimitNOFILE=) and start it again.`,
  fileErrors: {
    ENOENT: 'no folder can be made there',
    EACCES: 'this user may not write there',
    EPERM: 'this user may not write there',
    EROFS: 'it is read-only',
    EEXIST: 'it is a file',
    ENOTDIR: 'a part of the path is a file',
    ENOSPC: 'the disk is full',
  } as Record<string, string>,
}

export type Words = typeof en

const ko: Words = {
  open: '마루가 열렸습니다.',
  here: '이 컴퓨터에서',
  others: '다른 사람은',
  data: '자료 폴더',
  alone: '다른 사람은 들어올 수 없습니다. 네트워크에 연결되어 있지 않거나 이 컴퓨터에서만 열려 있습니다.',
  warning: [
    '이 컴퓨터가 직접 만든 인증서라 처음 들어올 때 브라우저가 경고합니다.',
    '"고급"을 누른 다음 "계속"을 누르세요.',
  ],
  waiting: '사람들을 기다리고 있습니다. 끝내려면 Ctrl-C를 누르세요.',
  portTaken: (port, kind) =>
    `${port}번 포트(${kind})를 이미 쓰고 있습니다. 마루가 벌써 실행 중인가요? 아니라면 다른 포트로 시작하세요: npm start -- --port ${port + 1}`,
  portForbidden: (port) =>
    `이 사용자는 ${port}번 포트를 쓸 수 없습니다. 1023보다 큰 포트로 시작하세요: npm start -- --port 7880`,
  noSuchHost: (host) => `${host}는 이 컴퓨터의 주소가 아닙니다. --host를 빼면 모든 주소에서 받습니다.`,
  noFreePort: 'TCP와 UDP가 모두 비어 있는 포트를 찾지 못했습니다. 직접 정해 주세요: npm start -- --port 7880',
  dataUnusable: (folder, why) =>
    `자료 폴더 ${folder}를 쓸 수 없습니다(${why}). 다른 폴더를 정해 주세요: npm start -- --data 폴더`,
  storageBroken: (folder, why) =>
    `지금은 ${folder}에 아무것도 저장할 수 없습니다(${why}). 모두에게 알렸고, 쓴 글은 각자에게서 기다립니다. 저장할 수 있게 되면 저절로 이어집니다.`,
  storageWorks: '다시 저장할 수 있습니다.',
  connectionsFull: (most) =>
    `이 프로세스가 받을 수 있는 연결 ${most}개가 모두 찼고, 더 오는 연결은 거절됩니다. 열 수 있는 파일 수를 늘리고("ulimit -n", systemd에서는 LimitNOFILE=) 다시 시작하세요.`,
  fileErrors: {
    ENOENT: '그곳에는 폴더를 만들 수 없습니다',
    EACCES: '이 사용자는 쓸 권한이 없습니다',
    EPERM: '이 사용자는 쓸 권한이 없습니다',
    EROFS: '읽기 전용입니다',
    EEXIST: '폴더가 아니라 파일입니다',
    ENOTDIR: '경로 가운데에 파일이 있습니다',
    ENOSPC: '디스크가 가득 찼습니다',
  },
}

export function wordsIn(language: Language): Words {
  return language === 'ko' ? ko : en
}
