# frozen_string_literal: true

# Loaded by RubyGems and Bundler: has bezel validate each native extension right after it is built, or unpacked when it came
# precompiled. A hook that answers false makes RubyGems remove the gem's folder and fail the install (Gem.post_build).
unless defined?(BezelGuard)
  module BezelGuard
    BEZEL = File.expand_path('../../bin/bezel', __dir__)

    module_function

    # What validation has to know, one field a line; a path with a line break can't be a gem's. A precompiled gem has no folder of
    # built extensions.
    def describe(installer)
      spec = installer.spec
      built = spec.extensions.empty? ? '' : spec.extension_dir
      [spec.name, spec.version, spec.platform, installer.gem_dir, built, RbConfig.ruby, *require_folders(installer)].join("\n")
    end

    # Not `full_require_paths`: it begins with the folder of built extensions.
    def require_folders(installer)
      installer.spec.require_paths.map { |path| File.join(installer.gem_dir, path) }
    end

    def compiled_files(installer)
      require_folders(installer).flat_map do |folder|
        Dir.glob("**/*.#{RbConfig::CONFIG['DLEXT']}", base: folder).map { |name| File.join(folder, name) }
      end
    end

    # A Git checkout is not removed by Bundler: its compiled files would be loaded all the same.
    def discard(installer)
      FileUtils.rm_f(compiled_files(installer))
      FileUtils.rm_rf(installer.spec.extension_dir) unless installer.spec.extensions.empty?
    end

    # True unless bezel says that the build does not fit: what keeps bezel itself from answering stops no install.
    def fits?(installer)
      return true if installer.spec.extensions.empty? && compiled_files(installer).empty?

      output = IO.popen([BEZEL, 'guard', 'check', { err: %i[child out] }], 'r+') do |pipe|
        begin
          pipe.write(describe(installer))
        rescue Errno::EPIPE
          # It answered without reading; what it says counts.
        end
        pipe.close_write
        pipe.read
      end
      # Not `warn`, which says nothing under RUBYOPT=-W0.
      $stderr.puts output unless output.empty?
      return true unless $?.exitstatus == 78

      discard(installer)
      false
    rescue SystemCallError => error
      $stderr.puts "bezel guard: #{error.message}; #{installer.spec.full_name} was not validated"
      true
    end
  end

  Gem.post_build { |installer| BezelGuard.fits?(installer) }
end
