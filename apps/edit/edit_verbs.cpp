// SPDX-License-Identifier: MIT
#include "apps/edit/edit_verbs.h"

#include "apps/common/sizes.h"
#include "apps/edit/attribute_text.h"
#include "libfs/ops/source/ownership_text.h"

#include <sys/stat.h>

namespace btrkit::apps {

namespace {

using EditChanges = Result<std::vector<edit_files::Change>>;
using edit_files::ModeChange;

std::unexpected<Error> wrong_edit(std::string what) {
    return fail(ErrorKind::usage, std::move(what));
}

Result<void> need(const EditFlags& flags, std::size_t count, std::string_view names) {
    return flags.operands.size() == count
               ? Result<void>()
               : wrong_edit(fmt::format("{}, but it takes {}", plural(flags.operands.size(), "operand"), names));
}

Result<std::optional<ModeChange>> wanted_mode(const EditFlags& flags) {
    if (flags.mode.empty()) {
        return std::optional<ModeChange>();
    }
    BTRKIT_TRY_ASSIGN(const auto mode, ModeChange::parse(flags.mode));
    return std::optional(mode);
}

template <class... Changes>
std::vector<edit_files::Change> these(Changes... changes) {
    return {edit_files::Change(std::move(changes))...};
}

/// A change for each of the operands from `first` on, which is made by make(path).
template <class Make>
EditChanges for_each_path(const EditFlags& flags, std::size_t first, std::string_view names, Make make) {
    if (flags.operands.size() <= first) {
        return wrong_edit(fmt::format("it takes {}", names));
    }
    std::vector<edit_files::Change> changes;
    for (const auto& path : std::span(flags.operands).subspan(first)) {
        changes.push_back(make(path));
    }
    return changes;
}

void declare_put(CLI::App& app, EditFlags& flags) {
    app.add_flag("-p,--parents", flags.with_parents, "make directories on the way that are missing");
    app.add_flag("--tar", flags.is_tar, "HOST is a tar archive; - is standard input");
    app.add_option("-m,--mode", flags.mode, "permissions of a single file")->option_text("MODE");
    app.add_option("--owner", flags.owner, "who owns all of it")->option_text("USER:GROUP");
    app.add_flag("--all-root", flags.all_root, "root owns all of it");
    app.add_option("--uid-map", flags.uid_map, "change user ids; ranges parted by commas")
        ->option_text("FROM:TO:COUNT");
    app.add_option("--gid-map", flags.gid_map, "change group ids likewise")->option_text("FROM:TO:COUNT");
    app.add_option("--compress", flags.compress, "zstd, zlib, lzo or no")->option_text("ALGO[:LEVEL]");
    app.add_option("--xattr", flags.xattrs, "an extended attribute for all of it; repeatable")
        ->option_text("NAME=VALUE")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
    app.add_option("HOST", flags.operands);
}

EditChanges make_put(const EditFlags& flags) {
    BTRKIT_TRY(need(flags, 2, "HOST and PATH"));
    edit_files::Put put = {.host = flags.operands.at(0), .path = flags.operands.at(1), .is_tar = flags.is_tar};
    put.with_parents = flags.with_parents;
    if (put.host == "-" && !put.is_tar) {
        return wrong_edit(
            "- is standard input, which can only be an archive (--tar); write ./- for a file of that name");
    }
    BTRKIT_TRY_ASSIGN(
        put.ownership,
        source::parse_ownership(
            {.all_root = flags.all_root, .owner = flags.owner, .uid_map = flags.uid_map, .gid_map = flags.gid_map}));
    if (!flags.compress.empty()) {
        BTRKIT_TRY_ASSIGN(put.compression, parse_compression(flags.compress));
    }
    BTRKIT_TRY_ASSIGN(const auto mode, wanted_mode(flags));
    put.mode = mode;
    for (const auto& text : flags.xattrs) {
        const auto equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            return wrong_edit(fmt::format("--xattr: '{}' is not NAME=VALUE", printable(text)));
        }
        BTRKIT_TRY_ASSIGN(auto value, xattr_value(text.substr(equals + 1)));
        put.xattrs.push_back({text.substr(0, equals), std::move(value)});
        BTRKIT_TRY(check_xattr_name(put.xattrs.back().name));
    }
    return these(std::move(put));
}

void declare_mkdir(CLI::App& app, EditFlags& flags) {
    app.add_flag("-p,--parents", flags.with_parents, "those on the way, too; and it may be there");
    app.add_option("-m,--mode", flags.mode, "its permissions (755)")->option_text("MODE");
    app.add_option("PATH", flags.operands);
}

EditChanges make_mkdir(const EditFlags& flags) {
    BTRKIT_TRY_ASSIGN(const auto mode, wanted_mode(flags));
    return for_each_path(flags, 0, "PATH...", [&](const std::string& path) {
        return edit_files::MakeDirectory{.path = path, .with_parents = flags.with_parents, .mode = mode};
    });
}

void declare_rm(CLI::App& app, EditFlags& flags) {
    app.add_flag("-r,-R,--recursive", flags.recursive, "directories with all that is in them");
    app.add_flag("-f,--force", flags.force, "what is not there is no error");
    app.add_option("PATH", flags.operands);
}

EditChanges make_rm(const EditFlags& flags) {
    return for_each_path(flags, 0, "PATH...", [&](const std::string& path) {
        return edit_files::Remove{.path = path, .recursive = flags.recursive, .may_be_missing = flags.force};
    });
}

void declare_operands(CLI::App& app, EditFlags& flags) {
    app.add_option("PATH", flags.operands);
}

EditChanges make_mv(const EditFlags& flags) {
    BTRKIT_TRY(need(flags, 2, "FROM and TO"));
    return these(edit_files::Move{.from = flags.operands.at(0), .to = flags.operands.at(1)});
}

void declare_cp(CLI::App& app, EditFlags& flags) {
    app.add_flag("-r,-R,--recursive", flags.recursive, "directories with all that is in them");
    app.add_flag("--reflink", flags.reflink, "share the data: it is so anyway");
    app.add_option("PATH", flags.operands);
}

EditChanges make_cp(const EditFlags& flags) {
    BTRKIT_TRY(need(flags, 2, "FROM and TO"));
    return these(
        edit_files::Copy{.from = flags.operands.at(0), .to = flags.operands.at(1), .recursive = flags.recursive});
}

void declare_ln(CLI::App& app, EditFlags& flags) {
    app.add_flag("-s,--symbolic", flags.symbolic, "a symbolic link, which says TARGET as it stands");
    app.add_option("PATH", flags.operands);
}

EditChanges make_ln(const EditFlags& flags) {
    BTRKIT_TRY(need(flags, 2, "TARGET and PATH"));
    return these(
        edit_files::Link{.target = flags.operands.at(0), .path = flags.operands.at(1), .is_symbolic = flags.symbolic});
}

void declare_recursive(CLI::App& app, EditFlags& flags) {
    app.add_flag("-R,--recursive", flags.recursive, "all below it, too, in the same subvolume");
    app.add_option("PATH", flags.operands);
}

EditChanges make_chmod(const EditFlags& flags) {
    if (flags.operands.empty()) {
        return wrong_edit("it takes MODE and PATH...");
    }
    BTRKIT_TRY_ASSIGN(const auto mode, ModeChange::parse(flags.operands.front()));
    return for_each_path(flags, 1, "MODE and PATH...", [&](const std::string& path) {
        return edit_files::ChangeMode{.path = path, .mode = mode, .recursive = flags.recursive};
    });
}

EditChanges make_chown(const EditFlags& flags) {
    if (flags.operands.empty()) {
        return wrong_edit("it takes UID[:GID] and PATH...");
    }
    BTRKIT_TRY_ASSIGN(const auto owner, parse_numeric_owner(flags.operands.front()));
    return for_each_path(flags, 1, "UID[:GID] and PATH...", [&](const std::string& path) {
        return edit_files::ChangeOwner{.path = path, .uid = owner.uid, .gid = owner.gid, .recursive = flags.recursive};
    });
}

void declare_touch(CLI::App& app, EditFlags& flags) {
    app.add_flag("-c,--no-create", flags.no_create, "make no file that is not there");
    app.add_flag("-a", flags.only_atime, "the time of access only");
    app.add_flag("-m", flags.only_mtime, "the time of modification only");
    app.add_option("-d,--date", flags.time, "@SECONDS[.FRACTION] or YYYY-MM-DD[ HH:MM:SS], in UTC")
        ->option_text("TIME");
    app.add_option("PATH", flags.operands);
}

EditChanges make_touch(const EditFlags& flags) {
    std::optional<Time> time;
    if (!flags.time.empty()) {
        BTRKIT_TRY_ASSIGN(time, parse_time(flags.time));
    }
    return for_each_path(flags, 0, "PATH...", [&](const std::string& path) {
        return edit_files::Touch{.path = path,
                                 .time = time,
                                 .sets_atime = flags.only_atime || !flags.only_mtime,
                                 .sets_mtime = flags.only_mtime || !flags.only_atime,
                                 .makes_file = !flags.no_create};
    });
}

void declare_truncate(CLI::App& app, EditFlags& flags) {
    app.add_option("-s,--size", flags.size, "the new size")->option_text("SIZE")->required();
    app.add_option("PATH", flags.operands);
}

EditChanges make_truncate(const EditFlags& flags) {
    const auto size = parse_size(flags.size);
    if (!size) {
        return wrong_edit(fmt::format("-s: '{}' is no size", printable(flags.size)));
    }
    return for_each_path(flags, 0, "PATH...",
                         [&](const std::string& path) { return edit_files::Truncate{.path = path, .size = *size}; });
}

void declare_setfattr(CLI::App& app, EditFlags& flags) {
    app.add_option("-n,--name", flags.name, "the attribute to be set")->option_text("NAME");
    app.add_option("-v,--value", flags.value, "its value; 0xHEX and 0sBASE64 mean bytes")->option_text("VALUE");
    app.add_option("-x,--remove", flags.removed, "the attribute to be removed")->option_text("NAME");
    app.add_option("PATH", flags.operands);
}

EditChanges make_setfattr(const EditFlags& flags) {
    if (flags.name.empty() == flags.removed.empty()) {
        return wrong_edit("one of -n NAME and -x NAME is needed");
    }
    BTRKIT_TRY_ASSIGN(const auto value, xattr_value(flags.value));
    BTRKIT_TRY(check_xattr_name(flags.name.empty() ? flags.removed : flags.name));
    return for_each_path(flags, 0, "PATH...", [&](const std::string& path) -> edit_files::Change {
        if (flags.name.empty()) {
            return edit_files::RemoveXattr{.path = path, .name = flags.removed};
        }
        return edit_files::SetXattr{.path = path, .xattr = {flags.name, value}};
    });
}

void declare_mknod(CLI::App& app, EditFlags& flags) {
    app.add_option("-m,--mode", flags.mode, "its permissions (644)")->option_text("MODE");
    app.add_option("PATH", flags.operands);
}

EditChanges make_mknod(const EditFlags& flags) {
    BTRKIT_TRY_ASSIGN(const auto mode, wanted_mode(flags));
    constexpr std::string_view taken = "PATH, b, c, p or s, and for b and c MAJOR and MINOR";
    if (flags.operands.size() < 2) {
        return wrong_edit(fmt::format("it takes {}", taken));
    }
    const auto& type = flags.operands.at(1);
    edit_files::MakeNode node = {.path = flags.operands.at(0), .mode = mode};
    node.type = type == "b" ? S_IFBLK : type == "c" ? S_IFCHR : type == "p" ? S_IFIFO : type == "s" ? S_IFSOCK : 0;
    const bool is_device = node.type == S_IFBLK || node.type == S_IFCHR;
    if (node.type == 0 || flags.operands.size() != (is_device ? 4 : 2)) {
        return wrong_edit(fmt::format("it takes {}", taken));
    }
    if (is_device) {
        // As Linux has them: 12 and 20 bits.
        const auto major = parse_number(flags.operands.at(2));
        const auto minor = parse_number(flags.operands.at(3));
        if (!major || !minor || *major >= 1U << 12U || *minor >= 1U << 20U) {
            return wrong_edit(fmt::format("'{} {}' are no numbers of a device", printable(flags.operands.at(2)),
                                          printable(flags.operands.at(3))));
        }
        node.device_major = static_cast<u32>(*major);
        node.device_minor = static_cast<u32>(*minor);
    }
    return these(std::move(node));
}

/// What stands behind a dash looks like options, and so it is declared as options.
void declare_chattr(CLI::App& app, EditFlags& flags) {
    declare_recursive(app, flags);
    for (const auto& [letter, flag] : flag_letters()) {
        app.add_flag_function(
            fmt::format("-{}", letter), [&flags, flag](std::int64_t) { flags.cleared |= flag; }, "clear this flag");
    }
}

EditChanges make_chattr(const EditFlags& flags) {
    if (flags.operands.empty()) {
        return wrong_edit("it takes [+-=]FLAGS and PATH...");
    }
    FlagChange change = {.clear = flags.cleared};
    if (flags.cleared == 0) {
        BTRKIT_TRY_ASSIGN(change, parse_flag_change(flags.operands.front()));
    }
    return for_each_path(flags, flags.cleared == 0 ? 1 : 0, "[+-=]FLAGS and PATH...", [&](const std::string& path) {
        return edit_files::ChangeFlags{
            .path = path, .set = change.set, .clear = change.clear, .recursive = flags.recursive};
    });
}

/// As `btrfs property set PATH compression VALUE`.
EditChanges make_compress(const EditFlags& flags) {
    if (flags.operands.empty()) {
        return wrong_edit("it takes zlib, lzo, zstd, none or default, and PATH...");
    }
    const auto& value = flags.operands.front();
    return for_each_path(flags, 1, "zlib, lzo, zstd, none or default, and PATH...",
                         [&](const std::string& path) -> edit_files::Change {
                             const std::string name(compression_xattr);
                             if (value == "default") {
                                 return edit_files::RemoveXattr{.path = path, .name = name, .may_be_missing = true};
                             }
                             return edit_files::SetXattr{.path = path, .xattr = {name, value}};
                         });
}

constexpr std::array all_edit_verbs = std::to_array<EditVerb>({
    {{"put"}, "HOST PATH", "put a file, folder or archive of the host there", declare_put, make_put},
    {{"mkdir"}, "PATH...", "make directories", declare_mkdir, make_mkdir},
    {{"rm"}, "PATH...", "remove files", declare_rm, make_rm},
    {{"mv"}, "FROM TO", "give another name, in place of what has it", declare_operands, make_mv},
    {{"cp"}, "FROM TO", "copy within the image, sharing the data", declare_cp, make_cp},
    {{"ln"}, "TARGET PATH", "make a hard link, or a symbolic one", declare_ln, make_ln},
    {{"mknod"}, "PATH TYPE [MAJOR MINOR]", "make a device, fifo or socket", declare_mknod, make_mknod},
    {{"chmod"}, "MODE PATH...", "change permissions", declare_recursive, make_chmod},
    {{"chown"}, "UID[:GID] PATH...", "change owners", declare_recursive, make_chown},
    {{"touch"}, "PATH...", "set times; make empty files", declare_touch, make_touch},
    {{"truncate"}, "PATH...", "set sizes", declare_truncate, make_truncate},
    {{"setfattr"}, "PATH...", "set or remove extended attributes", declare_setfattr, make_setfattr},
    {{"chattr"}, "[+-=]FLAGS PATH...", "change flags: a A c C d D i m S", declare_chattr, make_chattr},
    {{"compress"}, "ALGORITHM PATH...", "choose how what is written is compressed", declare_operands, make_compress},
});

} // namespace

std::span<const EditVerb> edit_verbs() {
    return all_edit_verbs;
}

} // namespace btrkit::apps
