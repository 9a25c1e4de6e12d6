# frozen_string_literal: true

# Loads compiled extensions one after the other and tells of each on descriptor 3, so that whoever started this knows which one killed it.
# stdin: lines "limit NAME SOFT [HARD]", "path FOLDER", "load FILE". Nothing of the application is loaded.
report = IO.for_fd(3, 'w')
report.sync = true
limits = { 'core' => :CORE, 'cpu' => :CPU, 'as' => :AS }
files = []
folders = []
$stdin.binmode.each_line("\n", chomp: true) do |line|
  verb, rest = line.split(' ', 2)
  case verb
  when 'limit'
    name, *numbers = rest.split(' ')
    begin
      Process.setrlimit(limits.fetch(name), *numbers.map(&:to_i))
    rescue SystemCallError, ArgumentError, NotImplementedError
      # Not every system has every limit; the one who started this has a deadline as well.
      nil
    end
  when 'path' then folders << rest.force_encoding(Encoding.default_external)
  when 'load' then files << rest.force_encoding(Encoding.default_external)
  end
end

# In front, as Bundler does: a gem of the app stands before the copy that came with Ruby.
$LOAD_PATH.unshift(*folders)
files.each_with_index do |file, index|
  report.puts("start #{index}")
  begin
    require file
    report.puts("ok #{index}")
  rescue Exception => error # rubocop:disable Lint/RescueException
    report.puts("raised #{index} #{error.class} #{error.message.to_s.b.tr("\n", ' ')[0, 600]}")
  end
end
GC.start
report.puts('done')
# An ordinary end: what extensions do then may be what kills.
exit(true)
