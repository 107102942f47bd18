// SPDX-License-Identifier: MIT
#include "apps/subvolume/list_text.h"

#include "libfs/base/names.h"
#include "libfs/render/local_time.h"

namespace btrkit::apps {

namespace {

constexpr std::size_t uuid_width = 36;

constexpr std::string_view title(ListColumn column) {
    switch (column) {
    case ListColumn::id: return "ID";
    case ListColumn::generation: return "gen";
    case ListColumn::generation_made: return "cgen";
    case ListColumn::parent: return "parent";
    case ListColumn::top_level: return "top level";
    case ListColumn::time_made: return "otime";
    case ListColumn::parent_uuid: return "parent_uuid";
    case ListColumn::received_uuid: return "received_uuid";
    case ListColumn::uuid: return "uuid";
    case ListColumn::path: break;
    }
    return "path";
}

class ListText {
public:
    explicit ListText(const ListStyle& style) : style_(style) {}

    std::string of(const subvolume::ListReport& report) {
        if (style_.is_table) {
            put_head();
        }
        for (const auto& listed : report.subvolumes) {
            for (const auto column : style_.columns) {
                put_cell(listed, column);
            }
            out_.put('\n');
        }
        return std::string(out_.view());
    }

private:
    void put_head() {
        for (const auto column : style_.columns) {
            out_.put(title(column));
            out_.put('\t');
        }
        out_.put('\n');
        for (const auto column : style_.columns) {
            out_.put(std::string(title(column).size(), '-'));
            out_.put('\t');
        }
        out_.put('\n');
    }

    void put_cell(const subvolume::ListedSubvolume& listed, ListColumn column) {
        if (!style_.is_table) {
            out_.put(title(column));
            out_.put(' ');
        }
        put_value(listed, column);
        if (column != ListColumn::path) {
            out_.put(style_.is_table ? '\t' : ' ');
        }
        if (column == ListColumn::top_level && style_.is_table) {
            out_.put('\t'); // its title is wider than a tab stop
        }
    }

    void put_value(const subvolume::ListedSubvolume& listed, ListColumn column) {
        const auto& item = listed.subvolume.root.item;
        switch (column) {
        case ListColumn::id: return out_.dec(listed.subvolume.id());
        case ListColumn::generation: return out_.dec(u64{item.generation});
        case ListColumn::generation_made: return out_.dec(listed.subvolume.generation_made());
        case ListColumn::parent:
        case ListColumn::top_level: return out_.dec(listed.subvolume.parent_id);
        case ListColumn::time_made: return put_time(item.otime);
        case ListColumn::parent_uuid: return put_padded(item.parent_uuid);
        case ListColumn::received_uuid: return put_padded(item.received_uuid);
        case ListColumn::uuid: return put_padded(item.uuid);
        case ListColumn::path: return out_.put(printable(listed.listed_path));
        }
    }

    void put_time(const btrfs::Timespec& time) {
        if (time.sec == 0) {
            out_.put('-');
        } else {
            local_time_.put(out_, static_cast<std::int64_t>(u64{time.sec}));
        }
    }

    void put_padded(const btrfs::Uuid& uuid) {
        auto text = uuid.is_null() ? std::string("-") : uuid_text(uuid);
        text.resize(uuid_width, ' ');
        out_.put(text);
    }

    const ListStyle& style_;
    TextBuffer out_;
    LocalTime local_time_;
};

} // namespace

std::string list_text(const subvolume::ListReport& report, const ListStyle& style) {
    return ListText(style).of(report);
}

} // namespace btrkit::apps
