// SPDX-License-Identifier: MIT
#include "apps/scrub/report.h"

#include "apps/common/document.h"
#include "apps/common/finding_json.h"

namespace btrkit::apps {

namespace {

constexpr Document scrub_document{.tool = "btrkit-scrub", .name = "scrub", .version = 2};

std::string_view word(ScrubVerdict verdict) {
    switch (verdict) {
    case ScrubVerdict::clean: return "clean";
    case ScrubVerdict::corrected: return "corrected";
    case ScrubVerdict::errors_left: return "errors_left";
    case ScrubVerdict::unknown: break;
    }
    return "unknown";
}

std::string_view word(survey::Mend::State state) {
    switch (state) {
    case survey::Mend::State::mended: return "mended";
    case survey::Mend::State::mendable: return "mendable";
    case survey::Mend::State::unmendable: return "unmendable";
    case survey::Mend::State::undecidable: return "undecidable";
    case survey::Mend::State::failed: break;
    }
    return "failed";
}

Json text_or_null(std::string_view name, const std::string& text) {
    Json object;
    if (text.empty()) {
        object[std::string(name)] = nullptr;
        object[std::string(name) + "_hex"] = nullptr;
    } else {
        set_text(object, name, text);
    }
    return object;
}

Json mend_json(const std::optional<survey::Mend>& mend) {
    if (!mend) {
        return {};
    }
    Json object{{"state", word(mend->state)}};
    object.update(text_or_null("from", mend->from));
    return object;
}

Json findings_json(const survey::Findings& findings) {
    Json list = Json::array();
    for (const auto& finding : findings.all()) {
        Json object = finding_json(finding);
        object["mend"] = mend_json(finding.mend);
        list.push_back(std::move(object));
    }
    return list;
}

Json scrub_counts_json(const survey::ScrubCounts& counts) {
    Json object;
    for (const auto& field : survey::scrub_count_fields) {
        object[std::string(field.name)] = counts.*field.member;
    }
    return object;
}

Json devices_json(const std::vector<scrub::DeviceReport>& devices) {
    Json list = Json::array();
    for (const auto& device : devices) {
        Json object{{"devid", device.devid}};
        object.update(text_or_null("path", device.name));
        object["size"] = device.size_bytes;
        object["scrubbed"] = scrub_counts_json(device.counts);
        list.push_back(std::move(object));
    }
    return list;
}

Json reduced_json(const std::vector<scrub::ReducedChunks>& reduced) {
    Json list = Json::array();
    for (const auto& chunks : reduced) {
        Json object;
        set_flags(object, "type", chunks.type, btrfs::block_group_flag_names);
        object["length"] = chunks.length_bytes;
        object["used"] = chunks.used_bytes;
        object["lost"] = chunks.lost;
        object["tolerated"] = chunks.tolerated;
        object["readable"] = chunks.is_readable();
        list.push_back(std::move(object));
    }
    return list;
}

} // namespace

Json scrub_json(const ScrubOutcome& outcome) {
    const auto& report = outcome.report;
    Json document = begin_document(scrub_document);
    document["images"] = texts_json("path", outcome.images);
    document["filesystem"] = filesystem_json(outcome.super);
    document["missing_devices"] = outcome.missing_devids;
    document["verdict"] = word(outcome.verdict());
    document["complete"] = outcome.is_complete();
    document["stopped"] = report.stopped;
    document["resumed"] = outcome.resumed;
    document["repaired"] = report.repaired;
    document["write_failed"] = report.write_failed;
    document["started"] = outcome.started_seconds;
    document["duration_ms"] = outcome.duration.count();
    document["total_bytes"] = report.total_bytes;
    document["scrubbed_bytes"] = report.scrubbed_bytes;
    document["donated_bytes"] = report.donated_bytes;
    document["totals"] = scrub_counts_json(report.counts());
    document["devices"] = devices_json(report.devices);
    document["counts"] = finding_counts_json(report.findings);
    document["findings"] = findings_json(report.findings);
    document["reduced"] = reduced_json(report.reduced);
    return document;
}

} // namespace btrkit::apps
