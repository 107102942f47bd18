// SPDX-License-Identifier: MIT
#include "apps/subvolume/change_verbs.h"

#include "apps/changing/label.h"
#include "apps/common/sizes.h"
#include "formats/btrfs/quota.h"
#include "libfs/base/names.h"
#include "libfs/ops/subvolume/property.h"

namespace btrkit::apps {

namespace {

using Changes = Result<std::vector<subvolume::Change>>;

std::unexpected<Error> wrong(std::string what) {
    return fail(ErrorKind::usage, std::move(what));
}

void add_list(CLI::App& app, const std::string& names, std::vector<std::string>& values, const std::string& kind,
              const std::string& what) {
    app.add_option(names, values, what)
        ->option_text(kind)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
}

/// "1/5": the level, and the number in that.
std::optional<u64> parse_qgroup(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto level = parse_number(text.substr(0, slash));
    const auto number = parse_number(text.substr(slash + 1));
    return level && number ? btrfs::qgroup_id(*level, *number) : std::nullopt;
}

Result<std::vector<u64>> wanted_qgroups(const ChangeFlags& flags) {
    std::vector<u64> groups;
    for (const auto& text : flags.qgroups) {
        const auto group = parse_qgroup(text);
        if (!group) {
            return wrong(fmt::format("-i: '{}' is no quota group, which is LEVEL/NUMBER", printable(text)));
        }
        groups.push_back(*group);
    }
    return groups;
}

Result<void> need_operands(const ChangeFlags& flags, std::size_t count, std::string_view names) {
    return flags.operands.size() == count
               ? Result<void>()
               : wrong(fmt::format("{}, but it takes {}", plural(flags.operands.size(), "operand"), names));
}

Result<std::optional<btrfs::Uuid>> wanted_uuid(const ChangeFlags& flags) {
    if (flags.uuid.empty()) {
        return std::nullopt;
    }
    const auto uuid = parse_uuid(flags.uuid);
    if (!uuid || uuid->is_null()) {
        return wrong(fmt::format("--uuid: '{}' is no uuid that a subvolume can have", printable(flags.uuid)));
    }
    return uuid;
}

void declare_new(CLI::App& app, ChangeFlags& flags) {
    app.add_option("--uuid", flags.uuid, "of the new subvolume, for the same bytes each time")->option_text("UUID");
    add_list(app, "-i", flags.qgroups, "QGROUP", "a quota group, 1/100, that it joins; repeatable");
}

void declare_create(CLI::App& app, ChangeFlags& flags) {
    app.add_flag("-p,--parents", flags.with_parents, "make directories on the way that are missing");
    declare_new(app, flags);
    app.add_option("PATH", flags.operands)->required();
}

Changes make_create(const ChangeFlags& flags) {
    BTRKIT_TRY_ASSIGN(const auto qgroups, wanted_qgroups(flags));
    BTRKIT_TRY_ASSIGN(const auto uuid, wanted_uuid(flags));
    if (uuid && flags.operands.size() > 1) {
        return wrong("--uuid is for one subvolume");
    }
    std::vector<subvolume::Change> changes;
    changes.reserve(flags.operands.size());
    for (const auto& path : flags.operands) {
        changes.emplace_back(
            subvolume::Create{.path = path, .with_parents = flags.with_parents, .uuid = uuid, .qgroups = qgroups});
    }
    return changes;
}

void declare_snapshot(CLI::App& app, ChangeFlags& flags) {
    app.add_flag("-r", flags.read_only, "make it read-only");
    declare_new(app, flags);
    app.add_option("SOURCE", flags.operands);
}

Changes make_snapshot(const ChangeFlags& flags) {
    BTRKIT_TRY(need_operands(flags, 2, "SOURCE and PATH"));
    BTRKIT_TRY_ASSIGN(const auto qgroups, wanted_qgroups(flags));
    BTRKIT_TRY_ASSIGN(const auto uuid, wanted_uuid(flags));
    return std::vector<subvolume::Change>{subvolume::Snapshot{.source = flags.operands.at(0),
                                                              .path = flags.operands.at(1),
                                                              .is_read_only = flags.read_only,
                                                              .uuid = uuid,
                                                              .qgroups = qgroups}};
}

void declare_delete(CLI::App& app, ChangeFlags& flags) {
    app.add_flag("-c,--commit-after,-C,--commit-each", flags.commit_after, "all is one commit, whatever is asked for");
    app.add_flag("-R,--recursive", flags.recursive, "those that hang in it, too");
    add_list(app, "-i,--subvolid", flags.subvolids, "ID", "the one with this id; repeatable");
    app.add_option("SUBVOLUME", flags.operands);
}

Changes make_delete(const ChangeFlags& flags) {
    std::vector<subvolume::Change> changes;
    for (const auto* names : {&flags.subvolids, &flags.operands}) {
        for (const auto& name : *names) {
            changes.emplace_back(subvolume::Delete{.subvolume = name, .recursive = flags.recursive});
        }
    }
    return changes.empty() ? wrong("SUBVOLUME is required") : Changes(std::move(changes));
}

void declare_sync(CLI::App& app, ChangeFlags& flags) {
    app.add_option("SUBVOLID", flags.operands);
}

Changes make_sync(const ChangeFlags& flags) {
    if (flags.operands.empty()) {
        return std::vector<subvolume::Change>{subvolume::Sync{}};
    }
    std::vector<subvolume::Change> changes;
    for (const auto& text : flags.operands) {
        const auto id = parse_number(text);
        if (!id) {
            return wrong(fmt::format("'{}' is no id of a subvolume", printable(text)));
        }
        changes.emplace_back(subvolume::Sync{.id = id});
    }
    return changes;
}

void declare_set_default(CLI::App& app, ChangeFlags& flags) {
    app.add_option("SUBVOLUME", flags.operands);
}

Changes make_set_default(const ChangeFlags& flags) {
    BTRKIT_TRY(need_operands(flags, 1, "SUBVOLUME"));
    return std::vector<subvolume::Change>{subvolume::SetDefault{.subvolume = flags.operands.at(0)}};
}

void declare_property_set(CLI::App& app, ChangeFlags& flags) {
    app.add_flag("-f", flags.force, "make writable what was received, too: it forgets from where");
    app.add_option("OBJECT", flags.operands);
}

Changes make_label(const std::string& label) {
    BTRKIT_TRY(check_label(label));
    return std::vector<subvolume::Change>{subvolume::SetLabel{.label = label}};
}

Changes make_property_set(const ChangeFlags& flags) {
    BTRKIT_TRY(need_operands(flags, 3, "OBJECT, NAME and VALUE"));
    const auto& object = flags.operands.at(0);
    const auto& name = flags.operands.at(1);
    const auto& value = flags.operands.at(2);
    if (name == subvolume::label_property) {
        const bool is_top = object == "5" || object.find_first_not_of("/.") == std::string::npos;
        return is_top ? make_label(value) : wrong("label: only the top, /, has one");
    }
    if (name != subvolume::read_only_property) {
        return wrong(fmt::format("there is no property '{}' that can be set, only ro and label", printable(name)));
    }
    if (value != "true" && value != "false") {
        return wrong(fmt::format("ro: '{}' is neither true nor false", printable(value)));
    }
    return std::vector<subvolume::Change>{
        subvolume::SetReadOnly{.subvolume = object, .is_read_only = value == "true", .force = flags.force}};
}

constexpr std::array all_verbs = std::to_array<SubvolumeVerb>({
    {{"create"}, "PATH...", "make empty subvolumes", declare_create, make_create},
    {{"snapshot"}, "SOURCE PATH", "make a copy that shares everything", declare_snapshot, make_snapshot},
    {{"delete"}, "SUBVOLUME...", "delete subvolumes and give back their space", declare_delete, make_delete},
    {{"sync"}, "[SUBVOLID...]", "clean up what was deleted and still has space", declare_sync, make_sync},
    {{"set-default"},
     "SUBVOLUME",
     "choose what is mounted if nothing else is said",
     declare_set_default,
     make_set_default},
    {{"property", "set"}, "OBJECT NAME VALUE", "set ro or label", declare_property_set, make_property_set},
});

} // namespace

std::span<const SubvolumeVerb> change_verbs() {
    return all_verbs;
}

} // namespace btrkit::apps
