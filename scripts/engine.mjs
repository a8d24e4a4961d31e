// The media engine: a prebuilt one that npm brought, or one built here with Rust.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { at, isOutdated, madeAt, reasonOf, root, run, Stop, step, windows } from './progress.mjs'

const output = at('crates/engine-node/engine.node')
const sources = ['crates/engine', 'crates/engine-node'].flatMap((crate) => [
  `${crate}/src`,
  `${crate}/Cargo.toml`,
  `${crate}/build.rs`,
])

/** Whether there is something to build. The server looks for the same files in the same order. */
export function isEngineMissing() {
  const system = `${process.platform}-${process.arch}`
  const prebuilt = [system, `${system}-musl`].map((name) => at(`node_modules/@maru/engine-${name}/engine.node`))
  return !prebuilt.some((file) => existsSync(file)) && isOutdated(output, ['Cargo.toml', 'Cargo.lock', ...sources])
}

/** Builds with the same profile and features as the tests, so that nothing compiles twice. */
export async function buildEngine(env) {
  await step('media engine (Rust, some minutes the first time)', async (from) => {
    const args = ['build', '--release', '--locked', '-p', 'engine-node', '--message-format=json-render-diagnostics']
    const log = await run('cargo', args, { env }).catch(({ output: text }) => {
      const words = text.replace(/^\{.*\n?/gm, '').trim()
      throw new Stop(`The media engine did not build.\n${toolProblem(words) || reasonOf(words) || words.slice(-8_000)}`)
    })
    const file = [...log.matchAll(/"filenames":\["([^"]*engine_node\.(?:so|dylib|dll))"/g)].at(-1)?.[1]
    copyFileSync(file ? JSON.parse(`"${file}"`) : at('target/release/libengine_node.so'), `${output}.new`)
    madeAt(`${output}.new`, from)
    renameSync(`${output}.new`, output) // a running server keeps the old file mapped
  })
}

function toolProblem(words) {
  if (
    /linker `?\w*cc`? not found|failed to find tool|is `?c(c|lang|\+\+)`? (not )?installed|cc: No such file/i.test(
      words,
    )
  )
    return 'It needs a C compiler (Debian: apt install build-essential), then run the same command again.'
  if (/is `?cmake`? not installed|cmake: command not found|Missing dependency: cmake/i.test(words))
    return 'It needs CMake on this system (Debian: apt install cmake), then run the same command again.'
  return ''
}

/** Where every build of the addon leaves what its types are. Always the same place: cargo builds anew when it changes. */
export const addonTypes = at('target/addon-types')

/** The environment to run cargo in. Rust is also looked for where rustup puts it. */
export function cargoEnvironment() {
  mkdirSync(addonTypes, { recursive: true })
  const wanted = /rust-version = "(\d+)\.(\d+)/.exec(readFileSync(at('Cargo.toml'), 'utf8')) ?? ['', '1', '0']
  const own = join(process.env.HOME ?? process.env.USERPROFILE ?? '', '.cargo/bin')
  const separator = windows ? ';' : ':'
  const paths = [process.env.PATH ?? '', `${own}${separator}${process.env.PATH ?? ''}`]
  let tooOld = ''
  let said = ''
  for (const PATH of paths) {
    const env = { ...process.env, PATH, NAPI_TYPE_DEF_TMP_FOLDER: addonTypes }
    const { stdout, stderr } = spawnSync('cargo', ['--version'], { encoding: 'utf8', env, cwd: root })
    const [, major, minor] = /cargo (\d+)\.(\d+)/.exec(stdout ?? '') ?? []
    if (major === undefined) said ||= (stderr ?? '').trim()
    else if (isAtLeast([major, minor], wanted.slice(1))) return env
    else tooOld ||= `${major}.${minor}`
  }
  const again = 'then run the same command again.'
  if (tooOld)
    throw new Stop(
      `Maru needs Rust ${wanted[1]}.${wanted[2]} or newer; this is ${tooOld}. Run 'rustup update' (without rustup: get it from https://rustup.rs), ${again}`,
    )
  if (said) throw new Stop(`Rust is here but does not run: ${said}\nTry 'rustup default stable', ${again}`)
  throw new Stop(
    `Maru's media engine is built with Rust, which is not installed.\nGet it from https://rustup.rs (Debian 13 and later: apt install rustup), ${again}`,
  )
}

function isAtLeast([major, minor], [wantedMajor, wantedMinor]) {
  return Number(major) > Number(wantedMajor) || (major === wantedMajor && Number(minor) >= Number(wantedMinor))
}
