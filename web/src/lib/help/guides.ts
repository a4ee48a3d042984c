import { m } from '#lib/paraglide/messages.js';

/** What somebody with a part has to know, on one page. Its picture is `static/help/<id>.webp` (`make help-pictures`). */
export interface Guide {
  id: string;
  word: () => string;
  lead: () => string;
  steps: (() => string)[];
}

export const guides: Guide[] = [
  {
    id: 'organiser',
    word: m.help_organiser,
    lead: m.help_organiser_lead,
    steps: [
      m.help_organiser_1,
      m.help_organiser_2,
      m.help_organiser_3,
      m.help_organiser_4,
      m.help_organiser_5,
    ],
  },
  {
    id: 'secretary',
    word: m.help_secretary,
    lead: m.help_secretary_lead,
    steps: [m.help_secretary_1, m.help_secretary_2, m.help_secretary_3],
  },
  {
    id: 'chair',
    word: m.help_chair,
    lead: m.help_chair_lead,
    steps: [m.help_chair_1, m.help_chair_2, m.help_chair_3, m.help_chair_4],
  },
  {
    id: 'operator',
    word: m.help_operator,
    lead: m.help_operator_lead,
    steps: [m.help_operator_1, m.help_operator_2, m.help_operator_3, m.help_operator_4],
  },
  {
    id: 'technician',
    word: m.help_technician,
    lead: m.help_technician_lead,
    steps: [m.help_technician_1, m.help_technician_2, m.help_technician_3, m.help_technician_4],
  },
  {
    id: 'hall-secretary',
    word: m.help_hall_secretary,
    lead: m.help_hall_secretary_lead,
    steps: [
      m.help_hall_secretary_1,
      m.help_hall_secretary_2,
      m.help_hall_secretary_3,
      m.help_hall_secretary_4,
    ],
  },
  {
    id: 'delegate',
    word: m.help_delegate,
    lead: m.help_delegate_lead,
    steps: [m.help_delegate_1, m.help_delegate_2, m.help_delegate_3, m.help_delegate_4],
  },
  {
    id: 'presenter',
    word: m.help_presenter,
    lead: m.help_presenter_lead,
    steps: [m.help_presenter_1, m.help_presenter_2, m.help_presenter_3],
  },
  {
    id: 'administrator',
    word: m.help_administrator,
    lead: m.help_administrator_lead,
    steps: [m.help_administrator_1, m.help_administrator_2, m.help_administrator_3, m.help_administrator_4],
  },
];

export const pictureOf = (guide: Guide): string => `/help/${guide.id}.webp`;
