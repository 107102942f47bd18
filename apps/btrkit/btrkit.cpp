// SPDX-License-Identifier: MIT
#include "apps/btrkit/btrkit.h"

#include "apps/common/command_line.h"
#include "apps/common/did_you_mean.h"
#include "apps/common/exit_status.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

namespace btrkit::apps {

namespace {

constexpr std::string_view own_name = "btrkit";

struct Verb {
    std::string_view name;
    std::string_view summary; ///< empty: that of the next one is of both
};
constexpr std::array verbs = std::to_array<Verb>({
    {"mkfs", "make a filesystem, empty or from a directory"},
    {"info", "tell what it is, what is wrong, and what to do next"},
    {"check", "tell whether it is sound, and repair what can be"},
    {"scrub", "verify every copy, mend bad ones from good ones"},
    {"dump-super", ""},
    {"dump-tree", "print superblocks; print trees, item by item"},
    {"dump-image", "put the metadata into a small file, and back"},
    {"usage", "tell where the space is, also as a map"},
    {"extract", "take everything out, whatever is damaged"},
    {"ls", ""},
    {"cat", ""},
    {"find", ""},
    {"stat", "read directories and files"},
    {"diff", "tell what is different between two subvolumes"},
    {"resolve", "tell whose an address or an inode number is"},
    {"edit", "put files in, take them out, change them"},
    {"subvolume", "list, show, make and delete subvolumes and snapshots"},
    {"tune", "set the label, features, quotas, new ids of a copy"},
    {"resize", "make it smaller, larger, or compact"},
    {"defragment", "lay files out anew in all subvolumes, pack their data"},
    {"send", ""},
    {"receive", "write subvolumes as streams; make them of streams"},
    {"stream", "show and verify send streams"},
    {"undo", "bring it back to what it was before a change"},
});

std::string path_of(const ToolBox& tools, std::string_view verb) {
    return fmt::format("{}/{}-{}", tools.folder, own_name, verb);
}

bool is_there(const std::string& path) {
    return ::access(path.c_str(), X_OK) == 0;
}

std::string tool_list(const ToolBox& tools) {
    std::string text =
        fmt::format("Usage: {} TOOL [ARGUMENTS]\nRun a tool on a btrfs image that is not mounted.\n\n", own_name);
    std::string names;
    for (const auto& verb : verbs) {
        if (is_there(path_of(tools, verb.name))) {
            names += names.empty() ? "" : ", ";
            names += verb.name;
        }
        if (!verb.summary.empty() && !names.empty()) {
            text += fmt::format("  {:<22}{}\n", names, verb.summary);
            names.clear();
        }
    }
    return text + fmt::format("\n{0} help TOOL, or TOOL --help, tells more; {0} --version the version.\n", own_name);
}

int run_tool(const ToolBox& tools, std::span<const std::string> arguments, Io& io) {
    Messages messages(own_name, io.err, Verbosity::normal);
    const auto& verb = arguments.front();
    const auto known = std::ranges::find(verbs, verb, &Verb::name);
    if (known == verbs.end()) {
        std::vector<std::string> names;
        std::ranges::transform(verbs, std::back_inserter(names),
                               [](const Verb& each) { return std::string(each.name); });
        messages.error(
            fmt::format("there is no tool '{}'{} (see {} --help)", verb, did_you_mean(verb, names), own_name));
        return exit_usage;
    }
    std::vector<std::string> tool_arguments(arguments.begin(), arguments.end());
    tool_arguments.front() = fmt::format("{}-{}", own_name, verb);
    messages.error(tools.become(path_of(tools, verb), tool_arguments));
    return exit_failed;
}

} // namespace

int run_btrkit(std::span<const std::string> arguments, Io& io, const ToolBox& tools) {
    CommandLine line({.name = own_name, .operands = "TOOL [ARGUMENTS]", .summary = ""});
    const bool has_verb = !arguments.empty() && !arguments.front().starts_with('-');
    if (has_verb && arguments.front() == "help") {
        const auto asked = arguments.subspan(1);
        if (asked.size() > 1) {
            return line.wrong_usage(io, "help is about one tool");
        }
        if (!asked.empty()) {
            return run_tool(tools, std::array{asked.front(), std::string("--help")}, io);
        }
        return line.print(io, tool_list(tools));
    }
    if (has_verb) {
        return run_tool(tools, arguments, io);
    }
    line.replace_help(tool_list(tools));
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    return line.print(io, tool_list(tools));
}

ToolBox tools_beside_this() {
    std::error_code failure;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", failure);
    return {.folder = failure ? "." : self.parent_path().string(),
            .become = [](const std::string& path, const std::vector<std::string>& arguments) {
                std::vector<char*> argv;
                argv.reserve(arguments.size() + 1);
                for (const auto& argument : arguments) {
                    argv.push_back(const_cast<char*>(argument.c_str()));
                }
                argv.push_back(nullptr);
                std::signal(SIGPIPE, SIG_DFL); // ignored signals stay ignored behind exec
                ::execv(path.c_str(), argv.data());
                return Error{ErrorKind::not_found, fmt::format("{}: {}", path, std::strerror(errno))};
            }};
}

} // namespace btrkit::apps
