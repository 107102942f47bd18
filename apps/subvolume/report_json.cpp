// SPDX-License-Identifier: MIT
#include "apps/subvolume/report_json.h"

#include "apps/common/finding_json.h"
#include "apps/common/missing_devices.h"
#include "apps/subvolumes/subvolume_json.h"

namespace btrkit::apps {

namespace {

Json quota_json(const std::optional<subvolume::QuotaUsage>& quota) {
    if (!quota) {
        return {};
    }
    return {{"referenced", quota->referenced_bytes},
            {"exclusive", quota->exclusive_bytes},
            {"max_referenced", number_or_null(quota->most_referenced_bytes)},
            {"max_exclusive", number_or_null(quota->most_exclusive_bytes)},
            {"inconsistent", quota->is_inconsistent}};
}

/// The verb of a change, as scripts call it.
struct VerbOf {
    std::string_view operator()(const subvolume::Create&) const { return "create"; }
    std::string_view operator()(const subvolume::Snapshot&) const { return "snapshot"; }
    std::string_view operator()(const subvolume::Delete&) const { return "delete"; }
    std::string_view operator()(const subvolume::Sync&) const { return "sync"; }
    std::string_view operator()(const subvolume::SetDefault&) const { return "set-default"; }
    std::string_view operator()(const subvolume::SetReadOnly&) const { return "property set ro"; }
    std::string_view operator()(const subvolume::SetLabel&) const { return "property set label"; }
};

/// What the documents of all verbs that read begin with.
Json answer_json(std::string_view name, const ImageFlags& flags, const Filesystem& filesystem) {
    Json document = begin_document({.tool = subvolume_tool, .name = name, .version = subvolume_version});
    document["images"] = texts_json("path", flags.images);
    document["filesystem"] = filesystem_json(&filesystem.super());
    document["missing_devices"] = missing_devids(filesystem);
    return document;
}

} // namespace

std::string list_json(const ImageFlags& flags, const Filesystem& filesystem, const subvolume::ListReport& report) {
    auto document = answer_json("subvolume-list", flags, filesystem);
    document["complete"] = report.is_complete;
    auto list = Json::array();
    for (const auto& listed : report.subvolumes) {
        list.push_back(subvolume_json(listed.subvolume));
    }
    document["subvolumes"] = std::move(list);
    return json_text(document);
}

std::string show_json(const ImageFlags& flags, const Filesystem& filesystem, const subvolume::ShowReport& report) {
    auto document = answer_json("subvolume-show", flags, filesystem);
    document["complete"] = report.is_complete;
    document["subvolume"] = subvolume_json(report.subvolume);
    auto snapshots = Json::array();
    for (const auto& snapshot : report.snapshots) {
        snapshots.push_back(subvolume_json(snapshot));
    }
    document["snapshots"] = std::move(snapshots);
    document["quota"] = quota_json(report.quota);
    return json_text(document);
}

std::string default_json(const ImageFlags& flags, const Filesystem& filesystem,
                         const subvolume::SubvolumeInfo& subvolume) {
    auto document = answer_json("subvolume-get-default", flags, filesystem);
    document["subvolume"] = subvolume_json(subvolume);
    return json_text(document);
}

std::string properties_json(const ImageFlags& flags, const Filesystem& filesystem, const std::string& object,
                            const std::vector<subvolume::Property>& properties) {
    auto document = answer_json("subvolume-property-get", flags, filesystem);
    set_text(document, "object", object);
    auto list = Json::array();
    for (const auto& property : properties) {
        Json entry{{"name", property.name}};
        set_text(entry, "value", property.value);
        list.push_back(std::move(entry));
    }
    document["properties"] = std::move(list);
    return json_text(document);
}

Json changes_json(std::span<const subvolume::Command> commands, std::span<const u64> trees) {
    auto list = Json::array();
    for (std::size_t i = 0; i < commands.size(); ++i) {
        list.push_back({{"verb", std::visit(VerbOf(), commands[i].change)},
                        {"line", number_or_null(commands[i].line)},
                        {"tree", number_or_null(trees[i])}});
    }
    return list;
}

} // namespace btrkit::apps
