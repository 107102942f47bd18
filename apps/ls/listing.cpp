// SPDX-License-Identifier: MIT
#include "apps/ls/listing.h"

#include "apps/reading/file_text.h"
#include "apps/reading/name_json.h"
#include "libfs/base/names.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::apps {

using survey::NameStep;
using survey::NameWalk;
using survey::NameWalkOptions;
using survey::WalkedName;

namespace {

/// As `ls` sorts: what is equal by its key stands by name.
bool is_before(const LsFlags& flags, const WalkedName& left, const WalkedName& right) {
    const Inode none;
    const Inode& a = left.inode ? *left.inode : none;
    const Inode& b = right.inode ? *right.inode : none;
    if (flags.sort == SortKey::time && a.mtime != b.mtime) {
        return (a.mtime > b.mtime) != flags.reverse;
    }
    if (flags.sort == SortKey::size && a.size != b.size) {
        return (a.size > b.size) != flags.reverse;
    }
    return flags.reverse ? right.name < left.name : left.name < right.name;
}

NameWalkOptions options_of(const LsFlags& flags) {
    NameWalkOptions options{.subvolumes = wanted_subvolumes(flags.reading),
                            .order = NameWalkOptions::Order::directory_first,
                            .read_inodes = flags.needs_inodes()};
    if (flags.sort != SortKey::none) {
        options.is_before = [&flags](const auto& left, const auto& right) { return is_before(flags, left, right); };
    }
    if (!flags.recursive) {
        options.most_depth = 1;
    }
    if (flags.directory_itself) {
        options.most_depth = 0;
    }
    return options;
}

std::string parent_path(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

} // namespace

Listing::Listing(const LsFlags& flags, OutputSink& out, ReadingErrors& errors)
    : flags_(flags), out_(out), errors_(errors) {}

bool Listing::list(const Filesystem& filesystem, const Start& start, bool has_others, const StopToken& stop) {
    has_headers_ = has_others || flags_.recursive;
    found_directory_.clear();
    NameWalk walk(filesystem, start.place, options_of(flags_));
    targets_.emplace(filesystem);
    while (const auto* step = walk.next()) {
        if (stop.stop_requested()) {
            return false;
        }
        if (step->kind == NameStep::Kind::name && step->depth > 0 && !step->walked->is_found &&
            is_hidden(*step->walked)) {
            walk.skip();
            continue;
        }
        put_step(walk, start, *step);
        if (!out_.end_of_line()) {
            return false;
        }
    }
    return true;
}

bool Listing::is_hidden(const WalkedName& walked) const {
    return walked.name.starts_with('.') && !flags_.shows_hidden();
}

void Listing::put_step(NameWalk& walk, const Start& start, const NameStep& step) {
    const bool is_json = flags_.reading.format == OutputFormat::json;
    if (step.kind == NameStep::Kind::damage) {
        const auto path = start.below(step.path);
        errors_.tell(path, step.damage->message);
        if (is_json) {
            out_.text().put(json_line(damage_json(path, *step.damage)));
        }
        return;
    }
    if (step.kind == NameStep::Kind::enter) {
        if (!is_json) {
            put_header(start.below(step.path));
            put_dots(walk, step);
        }
        return;
    }
    if (step.kind == NameStep::Kind::leave) {
        return;
    }
    const bool is_start = step.depth == 0;
    if (is_start && step.walked->is_directory() && !flags_.directory_itself) {
        return; // its inside follows
    }
    if (step.walked->is_found && !is_json) {
        if (auto parent = parent_path(start.below(step.path)); parent != found_directory_) {
            put_header(parent);
            found_directory_ = std::move(parent);
        }
    }
    put_name(walk, is_json ? start.below(step.path) : std::string_view(), is_start ? start.text() : step.walked->name,
             *step.walked);
}

void Listing::put_header(std::string_view directory) {
    if (!has_headers_ || flags_.ends_with_nul) {
        return;
    }
    found_directory_.clear();
    auto& text = out_.text();
    text.put(has_put_ ? "\n" : "");
    text.put(printable(directory));
    text.put(":\n");
    has_put_ = true;
}

/// "." and "..": both are the directory itself as far as it is looked at here.
void Listing::put_dots(NameWalk& walk, const NameStep& step) {
    if (flags_.all) {
        put_name(walk, {}, ".", *step.walked);
        put_name(walk, {}, "..", *step.walked);
    }
}

void Listing::put_name(NameWalk& walk, std::string_view path, std::string_view name, const WalkedName& walked) {
    auto& text = out_.text();
    has_put_ = true;
    std::string target;
    const bool is_symlink = walked.type == btrfs::FileType::symlink && walked.inode;
    if (is_symlink) {
        auto found = symlink_target(*targets_, walk.view(), walked.place(), *walked.inode);
        if (!found) {
            errors_.tell(name, found.error().message);
        }
        target = found.value_or("");
    }
    if (flags_.reading.format == OutputFormat::json) {
        auto object = name_json(path, walked);
        set_optional_text(object, "target", is_symlink ? std::optional(target) : std::nullopt);
        text.put(json_line(std::move(object)));
        return;
    }
    if (flags_.inode_numbers) {
        text.put(fmt::format("{:>8} ", walked.number));
    }
    if (flags_.is_long) {
        put_long(walked);
    }
    text.put(flags_.ends_with_nul ? std::string(name) : printable(name));
    if (is_symlink && flags_.is_long) {
        text.put(" -> ");
        text.put(flags_.ends_with_nul ? target : printable(target));
    }
    text.put(flags_.ends_with_nul ? '\0' : '\n');
}

void Listing::put_long(const WalkedName& walked) {
    auto& text = out_.text();
    if (!walked.inode) {
        text.put(mode_text(0, walked.type).substr(0, 1));
        text.put(fmt::format("????????? {:>3} {:>5} {:>5} {:>10} {:>16} ", '?', '?', '?', '?', '?'));
        return;
    }
    const auto& inode = *walked.inode;
    std::string size = flags_.human_sizes ? size_text(inode.size) : std::to_string(inode.size);
    if (S_ISCHR(inode.mode) || S_ISBLK(inode.mode)) {
        size = fmt::format("{}, {}", inode.device_major, inode.device_minor);
    }
    text.put(fmt::format("{} {:>3} {:>5} {:>5} {:>10} ", mode_text(inode.mode, walked.type), inode.nlink, inode.uid,
                         inode.gid, size));
    if (flags_.full_time) {
        text.put(full_time_text(inode.mtime));
    } else {
        TextBuffer time;
        times_.put(time, inode.mtime.sec);
        constexpr std::size_t seconds_length = 3;
        text.put(time.view().substr(0, time.size() - std::min(time.size(), seconds_length)));
    }
    text.put(' ');
}

} // namespace btrkit::apps
