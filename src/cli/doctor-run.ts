import { basename, dirname, resolve } from 'node:path'
import { constants } from 'node:os'
import { BezelError } from '../errors.ts'
import { systemClock } from '../system/clock.ts'
import { findingRules } from '../validation/findings.ts'
import type { ValidationSettings } from '../validation/options.ts'
import { quoted } from '../validation/remedies/command-line.ts'
import type { ValidationReport } from '../validation/validation-report.ts'
import { VersionValidator } from '../validation/version-validator.ts'
import type { DoctorFlags } from './doctor-flags.ts'
import { kindOfPath, toDoctorSettings } from './doctor-settings.ts'
import { print, printJson, wantsColour } from './stdout.ts'

/** After so long without an answer, stderr says that it goes on; and again after each longer time. */
const patienceMs = 1_000
const morePatienceMs = 10_000
/** What may be read as a Dockerfile without being asked twice. */
const dockerfileName = /(?:docker|container)file/i

type Scene = Pick<ValidationSettings, 'appPath' | 'root'>

/** Validates, prints, and answers the exit code. */
export async function runDoctor(app: string | undefined, flags: DoctorFlags): Promise<number> {
  if (flags.yes === true && flags.fix !== true)
    throw new BezelError('COMMAND_LINE_WRONG', '--yes answers the question of --fix.', { remedy: ['bezel doctor --fix --yes'] })
  if (flags.fix === true && flags.root !== undefined)
    throw new BezelError('COMMAND_LINE_WRONG', '--fix runs commands on this machine, so it can not be used with --root.')
  if (app !== undefined && flags.root === undefined) {
    if (kindOfPath(app) === 'file') return readDockerfile(resolve(app), flags)
    refuseMissing(app)
  }
  const settings = await toDoctorSettings(app, flags)
  if (settings.ignore.length > 0) await warnOfIgnore(settings)
  const report = await validate(settings).catch(async (error: unknown) => {
    // Whoever reads JSON gets its one object all the same; the exit code follows from the error.
    if (flags.format === 'json' && error instanceof BezelError && error.code === 'RUBY_NOT_FOUND')
      await show(reportWithoutRuby(error, settings), settings, flags)
    throw error
  })
  if (flags.fix === true) return fixAndShow(report, settings, flags)
  await show(report, settings, flags)
  return exitCodeOf(report)
}

/** A word that is no path was meant as something else. */
function refuseMissing(app: string): void {
  if (kindOfPath(app) !== null || app.includes('/')) return
  if (dockerfileName.test(app)) throw new BezelError('DATA_UNREADABLE', `There is no file ${resolve(app)}.`)
  if (['fix', 'json', 'help'].includes(app))
    throw new BezelError('COMMAND_LINE_WRONG', `There is no folder ${resolve(app)}; did you mean --${app}?`, {
      remedy: [`bezel doctor --${app}`],
    })
}

export function exitCodeOf({ verdict, findings }: ValidationReport): number {
  if (findings.some(({ code, severity }) => (code === 'LOCK_UNREADABLE' || code === 'DOCKERFILE_UNREADABLE') && severity === 'error'))
    return 65
  return verdict === 'incompatible' ? 78 : 0
}

function reportWithoutRuby({ message, remedy }: BezelError, { root, appPath }: Scene): ValidationReport {
  const evidence = [{ what: 'no interpreter of CRuby', where: root ?? appPath }]
  return {
    verdict: 'unknown',
    findings: [{ code: 'RUBY_ABSENT', severity: findingRules.RUBY_ABSENT.severity, gem: null, evidence, explanation: message, remedy }],
    gems: [],
    ruby: null,
    scope: 'lock',
    extensions: 0,
    tookMs: 0,
  }
}

async function readDockerfile(path: string, flags: DoctorFlags): Promise<number> {
  if (flags.fix === true)
    throw new BezelError('COMMAND_LINE_WRONG', '--fix mends an installed bundle; what a Dockerfile says is for you to change.')
  const { validateDockerfile } = await import('../validation/containers/validate-dockerfile.ts')
  const { DiskTree } = await import('../validation/files/disk-tree.ts')
  const report = validateDockerfile(new DiskTree(null), path)
  if (report === null) throw new BezelError('DATA_UNREADABLE', `${path} can not be read.`)
  if (exitCodeOf(report) === 65 && !dockerfileName.test(basename(path)))
    throw new BezelError('DATA_UNREADABLE', `${path} is a file, and no Dockerfile; wanted is the app's folder, or a Dockerfile.`, {
      remedy: [`bezel doctor ${quoted(dirname(path))}`],
    })
  await show(report, { appPath: path, root: null }, flags)
  return exitCodeOf(report)
}

async function fixAndShow(report: ValidationReport, settings: ValidationSettings, flags: DoctorFlags): Promise<number> {
  const { fix } = await import('./doctor-fix.ts')
  const { renewedEnv } = await import('./renewed-env.ts')
  const isText = flags.format === 'text'
  const envNow = () => renewedEnv(settings.appPath, settings.env)
  const fixed = await fix(report, {
    appPath: settings.appPath,
    yes: flags.yes === true,
    isTerminal: process.stdin.isTTY,
    // The report of another format has standard output for itself.
    say: (text) => (isText ? print(text) : process.stderr.write(`${text}\n`)),
    envNow,
    validate: async () => validate({ ...settings, env: await envNow() }),
  })
  if (fixed.interruptedBy !== null) return 128 + constants.signals[fixed.interruptedBy]
  if (!isText) await show(fixed.report, settings, flags)
  return exitCodeOf(fixed.report)
}

async function validate(settings: ValidationSettings): Promise<ValidationReport> {
  const startedMs = systemClock.nowMs()
  const tell = () => {
    const seconds = Math.round((systemClock.nowMs() - startedMs) / 1_000)
    process.stderr.write(`bezel: reading and loading the gems of ${settings.root ?? ''}${settings.appPath}, for ${seconds} s now\n`)
    timer = setTimeout(tell, morePatienceMs)
  }
  let timer = setTimeout(tell, patienceMs)
  try {
    return await new VersionValidator(settings, { clock: systemClock, random: Math.random, emit: () => {} }).validate()
  } finally {
    clearTimeout(timer)
  }
}

async function warnOfIgnore({ ignore }: ValidationSettings): Promise<void> {
  const { noticesOfIgnore } = await import('../config/notices-of-ignore.ts')
  for (const notice of noticesOfIgnore(ignore)) process.stderr.write(`bezel: ${notice}\n`)
}

async function show(report: ValidationReport, scene: Scene, { format }: DoctorFlags): Promise<void> {
  switch (format) {
    case 'json': {
      const { toJson } = await import('../snake-case.ts')
      printJson(toJson(report))
      return
    }
    case 'github': {
      const { formatGithub } = await import('./doctor-github.ts')
      print(formatGithub(report, process.cwd()))
      return
    }
    case 'text': {
      const { formatReport } = await import('./doctor-format.ts')
      print(formatReport(report, { ...scene, here: process.cwd() }, wantsColour(process.stdout, process.env)))
      return
    }
  }
}
