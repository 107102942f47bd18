// SPDX-License-Identifier: MIT
#include "apps/scrub/saved_scrub.h"

#include "apps/common/version.h"
#include "libfs/base/names.h"
#include "libfs/render/fields_json.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

constexpr u64 state_version = 1;
constexpr u64 most_ms = u64{1} << 53; ///< nothing takes so long, and what is added to it does not overflow
constexpr std::string_view document_kind = "btrkit-scrub-state";

std::unexpected<Error> not_a_state(std::string_view why) {
    return fail(ErrorKind::usage, fmt::format("it is no state of a scrub: {}", why));
}

/// Takes members out of an object, and remembers the first that is missing or of another kind.
class Members {
public:
    explicit Members(const Json& object) : object_(object) {}

    u64 number(std::string_view name) {
        const Json* member = find(name);
        if (member == nullptr || !member->is_number_unsigned()) {
            complain(name, "number");
            return 0;
        }
        return member->get<u64>();
    }
    std::optional<u64> number_or_null(std::string_view name) {
        const Json* member = find(name);
        return member != nullptr && member->is_null() ? std::nullopt : std::optional(number(name));
    }
    std::string text(std::string_view name) {
        const Json* member = find(name);
        if (member == nullptr || !member->is_string()) {
            complain(name, "text");
            return {};
        }
        return member->get<std::string>();
    }
    const Json& list(std::string_view name) {
        static const Json empty = Json::array();
        const Json* member = find(name);
        if (member == nullptr || !member->is_array()) {
            complain(name, "list");
            return empty;
        }
        return *member;
    }
    const Json& object(std::string_view name) {
        static const Json empty = Json::object();
        const Json* member = find(name);
        if (member == nullptr || !member->is_object()) {
            complain(name, "object");
            return empty;
        }
        return *member;
    }

    /// Empty: all that was asked for was there.
    const std::string& wrong() const { return wrong_; }

private:
    const Json* find(std::string_view name) const {
        const auto found = object_.is_object() ? object_.find(std::string(name)) : object_.end();
        return found == object_.end() ? nullptr : &*found;
    }
    void complain(std::string_view name, std::string_view kind) {
        if (wrong_.empty()) {
            wrong_ = fmt::format("'{}' is missing, or no {}", name, kind);
        }
    }

    const Json& object_;
    std::string wrong_;
};

Result<void> check_header(const Json& document) {
    Members top(document);
    Members header(top.object("__header"));
    const auto kind = header.text("kind");
    const auto version = header.number("version");
    if (!top.wrong().empty() || !header.wrong().empty()) {
        return not_a_state(top.wrong().empty() ? header.wrong() : top.wrong());
    }
    if (kind != document_kind) {
        return not_a_state(fmt::format("its kind is '{}'", printable(kind)));
    }
    if (version != state_version) {
        return fail(ErrorKind::usage, fmt::format("it is of version {}, only {} is known", version, state_version));
    }
    return {};
}

Result<survey::DeviceCounts> parse_devices(const Json& list) {
    survey::DeviceCounts devices;
    for (const auto& each : list) {
        Members members(each);
        const u64 devid = members.number("devid");
        survey::ScrubCounts counts;
        for (const auto& field : survey::scrub_count_fields) {
            counts.*field.member = members.number(field.name);
        }
        if (!members.wrong().empty()) {
            return not_a_state(fmt::format("of a device, {}", members.wrong()));
        }
        if (!devices.emplace(devid, counts).second) {
            return not_a_state(fmt::format("it has device {} twice", devid));
        }
    }
    return devices;
}

} // namespace

std::string saved_scrub_text(const SavedScrub& saved) {
    const auto& state = saved.state;
    Json document;
    document["__header"] = {
        {"version", state_version}, {"kind", document_kind}, {"tool", "btrkit-scrub " + std::string(version())}};
    document["fsid"] = uuid_text(state.fsid);
    document["generation"] = state.generation;
    document["devid"] = state.devid ? Json(*state.devid) : Json();
    document["chunk"] = state.chunk;
    document["position"] = state.position;
    document["duration_ms"] = saved.duration_ms;
    Json devices = Json::array();
    for (const auto& [devid, counts] : state.counts) {
        Json device{{"devid", devid}};
        for (const auto& field : survey::scrub_count_fields) {
            device[std::string(field.name)] = counts.*field.member;
        }
        devices.push_back(std::move(device));
    }
    document["devices"] = std::move(devices);
    return document.dump(2) + "\n";
}

Result<SavedScrub> parse_saved_scrub(std::string_view text) {
    const Json document = Json::parse(text, nullptr, false);
    if (document.is_discarded()) {
        return not_a_state("it is no JSON");
    }
    BTRKIT_TRY(check_header(document));
    Members members(document);
    SavedScrub saved;
    const auto fsid = parse_uuid(members.text("fsid"));
    saved.state.fsid = fsid.value_or(btrfs::Uuid{});
    saved.state.generation = members.number("generation");
    saved.state.devid = members.number_or_null("devid");
    saved.state.chunk = members.number("chunk");
    saved.state.position = members.number("position");
    saved.duration_ms = std::min(members.number("duration_ms"), most_ms);
    auto devices = parse_devices(members.list("devices"));
    if (!members.wrong().empty()) {
        return not_a_state(members.wrong());
    }
    if (!fsid) {
        return not_a_state("'fsid' is no uuid");
    }
    if (!devices) {
        return std::unexpected(devices.error());
    }
    saved.state.counts = std::move(*devices);
    return saved;
}

} // namespace btrkit::apps
