// SPDX-License-Identifier: MIT
// Flags: what all tools share, and the manners of help, version and wrong usage.
#pragma once

#include "apps/common/io_layer.h"
#include "apps/common/messages.h"
#include "apps/common/progress.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

// CLI11 takes a second to compile: who declares options of its own includes it.
namespace CLI {
class App;
class Option;
} // namespace CLI

namespace btrkit::apps {

/// How a tool introduces itself.
struct Tool {
    std::string_view name;                   ///< "btrkit-check"
    std::string_view operands;               ///< "IMAGE...", for the usage line
    std::string_view summary;                ///< one line
    std::vector<std::string> libraries = {}; ///< for --version: those that not every tool stands on
    std::string_view verb = {};              ///< of a tool that has several: "property get"
    bool has_short_quiet = true;             ///< -q is --quiet, and nothing else
    bool has_short_verbose = true;           ///< -v likewise
    bool has_short_help = true;              ///< -h likewise
};

enum class OutputFormat { text, json, lines };

/// A CLI11 application with -q, -v, --log-level, --help, --help-all and --version. Options work behind operands; "--"
/// ends them; the last of several values of one option counts.
class CommandLine {
public:
    explicit CommandLine(Tool tool);
    ~CommandLine();
    CommandLine(const CommandLine&) = delete;
    CommandLine& operator=(const CommandLine&) = delete;

    /// For the options that only this tool has.
    CLI::App& app() { return *app_; }
    /// The heading under which --help lists the options that are added from now on.
    void begin_group(const std::string& heading);

    /// IMAGE operands, at least one, and --member: all in one list, the operands first.
    void add_images(std::vector<std::string>& images);
    /// The same for tools with further operands behind: one IMAGE, and --member.
    void add_one_image(std::vector<std::string>& images);
    /// --format text|json, and lines where a tool has it
    void add_format(OutputFormat& format, bool has_lines = false);
    /// --threads N; as many as there are processors without it
    void add_threads(unsigned& threads);
    /// -p, --progress: shows it even for short work, and where standard error is no terminal. names: where it has
    /// others too
    void add_progress(const std::string& names = "-p,--progress");
    /// -s, --super N: which superblock mirror of each device is used; see VolumeOptions::super_mirror. names: where it
    /// has others
    void add_super(std::optional<unsigned>& mirror, const std::string& names = "-s,--super");
    /// An option whose value is a number (parse_number) or a size (parse_size).
    CLI::Option* add_number(const std::string& names, std::optional<u64>& number, const std::string& what);
    CLI::Option* add_size(const std::string& names, std::optional<u64>& size_bytes, const std::string& what);

    /// nullopt: go on. Otherwise help, version or what is wrong was printed, and this is the exit status.
    std::optional<int> parse(std::span<const std::string> arguments, Io& io);

    /// One line and a hint to --help; for what is wrong with options that are each right. Returns exit_usage.
    int wrong_usage(Io& io, std::string_view what) const;

    /// What --help and --help-all print instead of the list of options.
    void replace_help(std::string text) { help_ = std::move(text); }
    /// Prints text as result. Returns exit_done, or exit_failed where that failed.
    int print(Io& io, std::string_view text) const;

    std::string_view tool_name() const { return tool_.name; }
    Verbosity verbosity() const;
    /// As -q, -v and --log-level say, the last of which counts for standard error.
    MessageStyle message_style(const Io& io) const;
    /// --progress counts for more than -q; without both it is for terminals.
    ProgressStyle progress_style(const Io& io) const;

private:
    CLI::Option* add_image_operands(std::vector<std::string>& images);
    /// On a screen.
    std::string help() const;
    std::string help_head() const;
    /// With its verb, as users call it.
    std::string called() const;

    Tool tool_;
    std::unique_ptr<CLI::App> app_;
    std::string help_;
    bool quiet_ = false;
    bool verbose_ = false;
    bool progress_forced_ = false;
    std::optional<LogLevel> log_level_;
    std::vector<std::string>* images_ = nullptr;
    std::vector<std::string> members_;
};

} // namespace btrkit::apps
