import { existsSync, statSync } from 'node:fs'
import { join, posix, resolve } from 'node:path'
import { BezelError } from '../errors.ts'
import { systemClock } from '../system/clock.ts'
import { validationDefaults, type ValidationSettings } from '../validation/options.ts'
import type { ValidationReport } from '../validation/validation-report.ts'
import { VersionValidator } from '../validation/version-validator.ts'
import type { DoctorFlags } from './doctor-flags.ts'
import { print, printJson, wantsColour } from './stdout.ts'

/** Where images keep their app; the first with a Gemfile.lock is taken when nobody says. */
const usualApps = ['/app', '/rails', '/srv/app', '/usr/src/app', '/opt/app', '/home/app', '/var/www/app', '/code', '/workspace', '/']
/** After so long without an answer, stderr says that it goes on. */
const patienceMs = 1_000

/** Validates, prints, and answers the exit code. */
export async function runDoctor(app: string | undefined, flags: DoctorFlags): Promise<number> {
  if (flags.fix === true && flags.root !== undefined)
    throw new BezelError('COMMAND_LINE_WRONG', '--fix runs commands on this machine, so it can not be used with --root.')
  const dockerfile = app !== undefined && flags.root === undefined && isFile(app) ? await readReport(resolve(app)) : null
  if (dockerfile !== null) {
    await show(dockerfile, { appPath: resolve(app ?? ''), root: null }, flags)
    return exitCodeOf(dockerfile)
  }
  const settings = await toSettings(app, flags)
  const report = await validate(settings)
  if (flags.fix === true) {
    const { fix } = await import('./doctor-fix.ts')
    return exitCodeOf(await fix(report, settings.appPath, flags.yes === true, () => validate(settings)))
  }
  await show(report, settings, flags)
  return exitCodeOf(report)
}

export function exitCodeOf({ verdict, findings }: ValidationReport): number {
  if (findings.some(({ code, severity }) => (code === 'LOCK_UNREADABLE' || code === 'DOCKERFILE_UNREADABLE') && severity === 'error'))
    return 65
  return verdict === 'incompatible' ? 78 : 0
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

async function readReport(path: string): Promise<ValidationReport | null> {
  const { validateDockerfile } = await import('../validation/containers/validate-dockerfile.ts')
  const { DiskTree } = await import('../validation/files/disk-tree.ts')
  return validateDockerfile(new DiskTree(null), path)
}

async function validate(settings: ValidationSettings): Promise<ValidationReport> {
  const patience = setTimeout(() => process.stderr.write('bezel: reading the gems…\n'), patienceMs)
  try {
    return await new VersionValidator(settings, { clock: systemClock, random: Math.random, emit: () => {} }).validate()
  } finally {
    clearTimeout(patience)
  }
}

async function show(
  report: ValidationReport,
  settings: Pick<ValidationSettings, 'appPath' | 'root'>,
  { format }: DoctorFlags,
): Promise<void> {
  switch (format) {
    case 'json': {
      const { toJson } = await import('../snake-case.ts')
      printJson(toJson(report))
      return
    }
    case 'github': {
      const { formatGithub } = await import('./doctor-format.ts')
      const text = formatGithub(report)
      if (text !== '') print(text)
      return
    }
    case 'text': {
      const { formatReport } = await import('./doctor-format.ts')
      print(formatReport(report, settings, wantsColour(process.stdout, process.env)))
      return
    }
  }
}

async function toSettings(app: string | undefined, { root, ruby, probe }: DoctorFlags): Promise<ValidationSettings> {
  if (root !== undefined) {
    const folder = resolve(root)
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
      throw new BezelError('DATA_UNREADABLE', `There is no folder ${folder} to look into.`)
    return {
      ...validationDefaults,
      root: folder,
      appPath: app === undefined ? findApp(folder) : inside(folder, app),
      env: {},
      rubyPath: ruby ?? null,
      probe: false,
    }
  }
  const appPath = resolve(app ?? '.')
  const env = Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
  const usual = { ...validationDefaults, appPath, env, rubyPath: ruby ?? null, probe }
  if (!existsSync(join(appPath, 'bezel.yml'))) return usual
  const { loadOptions } = await import('../config/load-config.ts')
  const { values } = loadOptions({ appDir: appPath, configFile: null, flags: new Map(), command: null, env: process.env })
  return {
    ...usual,
    rubyPath: ruby ?? values['validation.ruby'],
    probe: probe && values['validation.probe'],
    ignore: values.ignore,
  }
}

function findApp(root: string): string {
  return usualApps.find((app) => existsSync(join(root, app, 'Gemfile.lock'))) ?? '/'
}

/** A path that was typed with the root in front is taken as meant. */
function inside(root: string, app: string): string {
  const path = app.startsWith(`${root}/`) && !existsSync(join(root, app)) ? app.slice(root.length) : app
  return posix.resolve('/', path)
}
