// SPDX-License-Identifier: MIT
// Formats: proc_pid_mountinfo(5), proc_swaps(5), Documentation/ABI/ of the kernel for /sys.
#include "libfs/io/host_tables.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace btrkit {

namespace fs = std::filesystem;

namespace {

/// The kernel writes space, tab, newline and backslash in paths as three octal digits.
std::string without_escapes(std::string_view text) {
    const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto digits = text.substr(i + 1, 3);
        if (text[i] == '\\' && digits.size() == 3 && std::ranges::all_of(digits, is_octal)) {
            plain += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0'));
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

std::vector<std::string> words_of(const std::string& line) {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;) {
        words.push_back(std::move(word));
    }
    return words;
}

/// "8:1"
std::optional<BlockNumber> parse_block_number(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    const auto parse = [](std::string_view digits, unsigned& number) {
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        return error == std::errc() && end == digits.data() + digits.size();
    };
    BlockNumber number{};
    const bool is_good = parse(text.substr(0, colon), number.major) && parse(text.substr(colon + 1), number.minor);
    return is_good ? std::optional(number) : std::nullopt;
}

/// ID PARENT MAJOR:MINOR ROOT TARGET OPTIONS [TAGS...] - FILESYSTEM SOURCE OPTIONS
std::optional<Mount> parse_mount(const std::string& line) {
    const auto words = words_of(line);
    const auto dash = std::ranges::find(words, "-");
    if (dash - words.begin() < 6 || words.end() - dash < 3) {
        return std::nullopt;
    }
    const auto number = parse_block_number(words[2]);
    if (!number) {
        return std::nullopt;
    }
    return Mount{.number = *number,
                 .filesystem = dash[1],
                 .source = without_escapes(dash[2]),
                 .target = without_escapes(words[4])};
}

std::vector<std::string> lines_of(const fs::path& file) {
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        lines.push_back(std::move(line));
    }
    return lines;
}

} // namespace

std::optional<FileIdentity> identity_of(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))) {
        return std::nullopt;
    }
    const bool is_block = S_ISBLK(status.st_mode);
    const dev_t number = is_block ? status.st_rdev : status.st_dev;
    // One block device may have several nodes in /dev.
    return FileIdentity{.is_block_device = is_block,
                        .device = {::gnu_dev_major(number), ::gnu_dev_minor(number)},
                        .inode = is_block ? 0 : status.st_ino};
}

std::vector<Mount> HostTables::mounts() const {
    std::vector<Mount> mounts;
    for (const auto& line : lines_of(root_ / "proc/self/mountinfo")) {
        if (auto mount = parse_mount(line)) {
            mounts.push_back(std::move(*mount));
        }
    }
    return mounts;
}

std::vector<std::string> HostTables::swap_areas() const {
    std::vector<std::string> paths;
    for (const auto& line : lines_of(root_ / "proc/swaps")) {
        const auto words = words_of(line);
        if (!words.empty() && words[0].starts_with('/')) { // the first line has titles
            paths.push_back(without_escapes(words[0]));
        }
    }
    return paths;
}

fs::path HostTables::folder_of(BlockNumber number) const {
    std::error_code error;
    const auto name = std::to_string(number.major) + ":" + std::to_string(number.minor);
    return fs::canonical(root_ / "sys/dev/block" / name, error);
}

std::optional<BlockNumber> HostTables::number_in(const fs::path& folder) {
    return parse_block_number(line_of(folder / "dev"));
}

std::optional<BlockNumber> HostTables::number_of(const std::string& path) const {
    const auto identity = identity_of(path);
    if (identity && identity->is_block_device) {
        return identity->device;
    }
    return number_in(root_ / "sys/class/block" / fs::path(path).filename());
}

std::vector<fs::path> HostTables::loops() const {
    std::vector<fs::path> found;
    std::error_code error;
    for (auto& folder : entries_of(root_ / "sys/block")) {
        if (folder.filename().string().starts_with("loop") && fs::exists(folder / "loop/backing_file", error)) {
            found.push_back(std::move(folder));
        }
    }
    return found;
}

std::vector<fs::path> HostTables::btrfs_filesystems() const {
    std::vector<fs::path> found;
    std::error_code error;
    for (auto& folder : entries_of(root_ / "sys/fs/btrfs")) {
        if (fs::is_directory(folder / "devices", error)) {
            found.push_back(std::move(folder));
        }
    }
    return found;
}

std::string HostTables::line_of(const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
}

std::vector<fs::path> HostTables::entries_of(const fs::path& folder) {
    std::vector<fs::path> entries;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        entries.push_back(at->path());
    }
    std::ranges::sort(entries);
    return entries;
}

} // namespace btrkit
