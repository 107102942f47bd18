// SPDX-License-Identifier: MIT
#include "apps/find/found_output.h"

#include "apps/reading/bad_ranges.h"
#include "apps/reading/file_text.h"
#include "apps/reading/name_json.h"
#include "libfs/base/names.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::apps {

using survey::NameWalk;
using survey::WalkedName;

namespace {

/// A field of a bodyfile, which '|' ends.
std::string bodyfile_text(std::string_view text) {
    std::string escaped;
    for (const char c : printable(text)) {
        if (c == '|') {
            escaped += "\\174";
        } else {
            escaped += c;
        }
    }
    return escaped;
}

} // namespace

FoundOutput::FoundOutput(const Filesystem& filesystem, const RunContext& context, FoundStyle style, OutputSink& out,
                         ReadingErrors& errors)
    : context_(context), style_(style), out_(out), errors_(errors), contents_(filesystem, context.problems),
      targets_(filesystem, context.problems) {}

bool FoundOutput::put(NameWalk& walk, std::string_view path, const WalkedName& walked) {
    const auto hash = style_.has_hash ? hash_of(path, walked) : std::nullopt;
    auto& text = out_.text();
    switch (style_.form) {
    case FoundForm::json: {
        auto object = name_json(path, walked);
        set_optional_text(object, "target",
                          walked.type == btrfs::FileType::symlink ? std::optional(target_of(walk, path, walked))
                                                                  : std::nullopt);
        object["hash"] = hash ? Json(*hash) : Json();
        text.put(json_line(std::move(object)));
        break;
    }
    case FoundForm::bodyfile: put_bodyfile(path, walked, target_of(walk, path, walked), hash.value_or("0")); break;
    default:
        if (style_.has_hash && !hash) {
            break;
        }
        if (hash) {
            text.put(*hash);
            text.put("  ");
        }
        text.put(style_.form == FoundForm::nul ? std::string(path) : printable(path));
        text.put(style_.form == FoundForm::nul ? '\0' : '\n');
    }
    return out_.end_of_line() && !context_.stop.stop_requested();
}

bool FoundOutput::put_damage(std::string_view path, const Error& damage) {
    errors_.tell(path, damage.message);
    if (style_.form == FoundForm::json) {
        out_.text().put(json_line(damage_json(path, damage)));
    }
    return out_.end_of_line();
}

std::optional<std::string> FoundOutput::hash_of(std::string_view path, const WalkedName& walked) {
    if (!walked.inode || !S_ISREG(walked.inode->mode)) {
        return std::nullopt;
    }
    contents_.open(walked.place(), *walked.inode);
    BadRanges bad;
    while (const auto run = contents_.next()) {
        if (context_.stop.stop_requested()) {
            sha256_.take_text();
            return std::nullopt;
        }
        if (!run->is_good()) {
            bad.add(*run);
        } else if (run->bytes.empty()) {
            sha256_.add_zeros(run->length);
        } else {
            sha256_.add(run->bytes);
        }
    }
    auto text = sha256_.take_text();
    bad.tell([&](const std::string& what) { errors_.tell(path, what); });
    return bad.bytes() == 0 ? std::optional(std::move(text)) : std::nullopt;
}

std::string FoundOutput::target_of(NameWalk& walk, std::string_view path, const WalkedName& walked) {
    if (walked.type != btrfs::FileType::symlink || !walked.inode) {
        return {};
    }
    auto target = symlink_target(targets_, walk.view(), walked.place(), *walked.inode);
    if (!target) {
        errors_.tell(path, target.error().message);
    }
    return target.value_or("");
}

/// The format of The Sleuth Kit's mactime: hash, name, inode, mode, owner, group, size, times.
void FoundOutput::put_bodyfile(std::string_view path, const WalkedName& walked, std::string_view target,
                               std::string_view hash) {
    const auto inode = walked.inode.value_or(Inode{});
    out_.text().put(fmt::format("{}|{}{}{}|{}|{}|{}|{}|{}|{}|{}|{}|{}\n", hash, bodyfile_text(path),
                                target.empty() ? "" : " -> ", bodyfile_text(target), walked.number,
                                mode_text(inode.mode, walked.type), inode.uid, inode.gid, inode.size, inode.atime.sec,
                                inode.mtime.sec, inode.ctime.sec, inode.otime.sec));
}

} // namespace btrkit::apps
